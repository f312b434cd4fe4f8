"""What the runtime is asked and what it answers: the contract between containers and runtime.

The life of a container, seen from here::

    sandbox = await runtime.spawn(Isolation(...))  # a shim whose init waits in fresh namespaces; nothing run yet
    ...  # wire sandbox.netns_fd into a network: both may be done ahead, in a warm pool
    task = await sandbox.start(TaskSpec(...))  # mounts, limits, exec; raises StartFailed
    exit = await task.wait()

A task outlives the process that started it; :meth:`Runtime.recover` finds it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import msgspec

ID_RANGE_SIZE = 65536


class IdRange(msgspec.Struct, frozen=True):
    """Host ids ``first … first + count - 1`` stand for the container's ``0 … count - 1``."""

    first: int
    count: int = ID_RANGE_SIZE


class Namespace(Enum):
    """How a container gets a namespace: a fresh one, or the host's."""

    NEW = "new"
    HOST = "host"


Joined = int | Path
"""Whose namespace is shared: the host pid of a process (``--network container:X``), or a file it is pinned to."""


class Isolation(msgspec.Struct, frozen=True):
    """Which namespaces a container gets; fixed before anything is mounted.

    ``ids`` None is the host's user namespace. Where a namespace is joined that belongs to a user namespace which is not
    the host's, ``join_user`` must be that one. What is joined is opened once, when the container is spawned. The mount
    namespace is always fresh.
    """

    ids: IdRange | None
    network: Namespace = Namespace.NEW
    pid: Namespace = Namespace.NEW
    ipc: Namespace = Namespace.NEW
    uts: Namespace = Namespace.NEW
    cgroup: Namespace = Namespace.NEW
    join_user: Joined | None = None
    join_network: Joined | None = None
    join_pid: Joined | None = None
    join_ipc: Joined | None = None
    join_uts: Joined | None = None


class Rootfs(msgspec.Struct, frozen=True):
    """``layers``: directories, the topmost first. ``upper`` and ``work`` lie on one file system."""

    layers: Sequence[Path]
    upper: Path
    work: Path


class LogFile(msgspec.Struct, frozen=True):
    """CRI-format log (``<RFC3339Nano> stdout F line``), rotated to ``path.1`` … by the shim.

    ``max_files`` counts the live one."""

    path: Path
    max_bytes: int = 10_000_000
    max_files: int = 3


class Attachment(msgspec.Struct, frozen=True):
    """A client stream that gets the task's output and may feed its input.

    ``fd`` is a connected stream socket; the runtime owns (and at last closes) it. Output is ``framed`` as Docker's
    multiplexed stream; None: when there is no terminal. Input is raw; the end of it closes the task's stdin when the
    container was made with ``stdin_once``. ``early`` are input bytes already read from the client. ``detach_keys`` as
    bytes, empty for none.
    """

    fd: int
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    detach_keys: bytes = b"\x10\x11"
    early: bytes = b""
    framed: bool | None = None


class TaskSpec(msgspec.Struct, frozen=True):
    """``config`` is an OCI runtime configuration (runtime-spec 1.0.2 config.json, root.path unused).

    Beyond the specification, all of it private to Wherry and removed before another runtime sees it:
    ``process.user.username`` holds Docker's user grammar (``name|uid[:group|gid]``), resolved in the container's own
    /etc/passwd and /etc/group, and ``process.user.groupsOfImage`` whether the latter's groups of it count; the bind
    option ``idmap`` maps the host's ids to the container's, falling back to none where the file system cannot;
    ``x-copy-up`` on a bind fills an empty source from what the image has at the destination.
    ``seccomp`` is the compiled filter (array of struct sock_filter), None: unconfined.
    ``init`` runs an init (tini) as process 1. ``directory`` is the container's own (lock, exit status).
    ``runtime``: "wherry", or a program that speaks the runc command line.
    ``trees`` are bind mounts whose source is no path: destination → descriptor of a detached mount (open_tree(2)); the
    mount's ``source`` then only names it. They stay the caller's.
    """

    id: str
    config: dict[str, Any]
    rootfs: Rootfs
    directory: Path
    log: LogFile | None
    seccomp: bytes | None = None
    terminal_size: tuple[int, int] | None = None
    open_stdin: bool = False
    stdin_once: bool = False
    init: bool = False
    runtime: str = "wherry"
    attachments: Sequence[Attachment] = ()
    trees: Mapping[str, int] = msgspec.field(default_factory=dict)


class ExecSpec(msgspec.Struct, frozen=True):
    """``process`` is the ``process`` object of an OCI runtime configuration; same private additions as TaskSpec."""

    id: str
    process: dict[str, Any]
    seccomp: bytes | None = None
    open_stdin: bool = False
    privileged: bool = False
    terminal_size: tuple[int, int] | None = None
    attachment: Attachment | None = None


class Exit(msgspec.Struct, frozen=True):
    """How a process ended. ``code`` is 128 + signal when a signal ended it. ``error`` when the shim was lost."""

    code: int
    at_nanoseconds: int
    oom_killed: bool = False
    error: str = ""


@dataclass(slots=True)
class StartFailed(Exception):
    """The container (or exec) could not be started: nothing of it is left running.

    ``step`` in plain words, ``errno`` 0 where the kernel was not asked (a user that does not exist).
    ``message`` is what Docker would say, so that clients find the words they look for
    (``exec: "x": executable file not found in $PATH``).
    """

    step: str
    message: str
    errno: int = 0
    path: str = ""

    def __str__(self) -> str:
        return self.message


class Exec(Protocol):
    """A running exec. ``exit``: None until its end is heard of; there it is before who waits goes on."""

    @property
    def pid(self) -> int: ...
    @property
    def exit(self) -> Exit | None: ...
    async def wait(self) -> Exit: ...
    async def resize(self, height: int, width: int) -> None: ...
    async def kill(self, signal: int) -> None: ...


class Task(Protocol):
    """A started container. Every call may raise Unavailable when the shim is gone."""

    @property
    def id(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def started_nanoseconds(self) -> int: ...
    @property
    def username_ids(self) -> tuple[int, int]:
        """uid and gid that the user was resolved to."""
        ...

    async def wait(self) -> Exit:
        """When process 1 has ended and its output is in the log and with the attached clients. Idempotent."""
        ...

    async def attach(self, attachment: Attachment) -> None: ...
    async def exec(self, spec: ExecSpec) -> Exec: ...
    async def kill(self, signal: int, everyone: bool = False) -> None:
        """Send a signal to process 1, or to every process of the container. NotFound when it has ended."""
        ...

    async def resize(self, height: int, width: int) -> None: ...
    async def reopen_log(self) -> None: ...


class Sandbox(Protocol):
    """A shim whose init waits in its namespaces. Dies with the process that spawned it, until started."""

    @property
    def pid(self) -> int:
        """Host pid of the future process 1."""
        ...

    @property
    def netns_fd(self) -> int | None:
        """Its fresh network namespace (loopback up); None when it is not its own. Owned by the sandbox."""
        ...

    @property
    def alive(self) -> bool:
        """False when it is known to have ended: it cannot be started."""
        ...

    @property
    def isolation(self) -> Isolation: ...
    async def start(self, spec: TaskSpec) -> Task:
        """Run the task; raises StartFailed, after which the sandbox is gone. Takes over the attachments in any case."""
        ...

    async def discard(self) -> None: ...

    async def hold(self) -> None:
        """Let the waiting process stay for ever as process 1 of its pid namespace, which others may then join.

        It does nothing but reap, holds nothing of the host, and ends by SIGKILL alone: neither with us nor with its
        shim, which is gone afterwards, as is the sandbox. Raises StartFailed.
        """
        ...


class Recovered(msgspec.Struct, frozen=True):
    """What was found of a container at start: exactly one of both; both None when nothing had run."""

    task: Task | None
    exit: Exit | None


class Runtime(Protocol):
    """One implementation starts real containers; the fake beside it serves tests and simulated nodes."""

    async def spawn(self, isolation: Isolation) -> Sandbox: ...
    async def recover(self, container_id: str, directory: Path, cgroup: str) -> Recovered:
        """Find a container again after a restart; what is left of a lost one is ended and its cgroup removed."""
        ...

    async def clean(self, container_id: str, directory: Path, cgroup: str) -> None:
        """Remove what a task that ended has left (cgroups, run files). Idempotent."""
        ...

    async def close(self) -> None:
        """Let go of everything; tasks go on."""
        ...
