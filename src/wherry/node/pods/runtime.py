"""What the agent asks of whoever runs containers: the contract between agent and engine.

The words are CRI's (k8s.io/cri-api). A **sandbox** is what the containers of a pod share: network, IPC and host name,
the user namespace, the parent of their cgroups; it is no process. What is started here outlives the agent: after a
restart :meth:`PodRuntime.sandboxes` and :meth:`PodRuntime.containers` say what there is, with the labels given before.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port of the node that leads to one of the sandbox. ``host_ip`` empty: every address."""

    container_port: int
    host_port: int
    protocol: str = "TCP"
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class Dns:
    """Becomes /etc/resolv.conf. Nothing in it: the node's own file."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a cgroup; None: no limit, or the kernel's own default. CPU time in microseconds a period."""

    memory_bytes: int | None = None
    cpu_shares: int | None = None
    cpu_quota_us: int | None = None
    cpu_period_us: int = 100_000
    pids: int | None = None
    oom_score_adj: int = 0


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """``attempt`` counts the sandboxes that the pod has had. ``user_namespace`` False: the host's (``hostUsers``).
    ``share_processes``: one pid namespace for all containers. ``hosts``: more lines for /etc/hosts. ``domain``: the
    pod's line there begins with ``hostname.domain``."""

    uid: str
    namespace: str
    name: str
    hostname: str
    attempt: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    share_processes: bool = False
    user_namespace: bool = True
    dns: Dns = Dns()
    hosts: tuple[str, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    qos: str = "BestEffort"
    limits: Limits = Limits()
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """``ips``: its addresses, the first is the pod's; empty with the host's network. ``ready`` False: something of it
    is gone (the machine was restarted): the pod needs another one."""

    id: str
    spec: SandboxSpec
    created_ns: int
    ips: tuple[str, ...] = ()
    ready: bool = True


class Propagation(Enum):
    PRIVATE = "None"
    HOST_TO_CONTAINER = "HostToContainer"
    BIDIRECTIONAL = "Bidirectional"


@dataclass(frozen=True, slots=True)
class Mount:
    """``source`` is a path on the host that belongs to the node or is the user's (hostPath); ``mapped``: ids on disk
    are the container's own (root is 0), and are mapped. ``subpath`` is resolved below ``source``, never out of it.
    ``image``: an image's id (:attr:`ImageStatus.id`), whose files are mounted read-only in place of ``source``."""

    destination: str
    source: str
    read_only: bool = False
    recursive_read_only: bool = False
    propagation: Propagation = Propagation.PRIVATE
    mapped: bool = True
    subpath: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Security:
    """``run_as_user`` None: the image's. ``seccomp``: RuntimeDefault, Unconfined, or ``Localhost:PATH``.
    ``capabilities`` are added to and dropped from the default set; names without ``CAP_``, or ALL.
    ``image_groups``: it has the groups, too, that the image's /etc/group gives its user."""

    privileged: bool = False
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool = False
    supplemental_groups: tuple[int, ...] = ()
    image_groups: bool = True
    add_capabilities: tuple[str, ...] = ()
    drop_capabilities: tuple[str, ...] = ()
    read_only_root: bool = False
    no_new_privileges: bool = False
    seccomp: str = "RuntimeDefault"
    unmasked_proc: bool = False


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """``command`` and ``args`` None: the image's entrypoint and cmd. ``attempt`` is the restart count.
    ``image`` is an id from :meth:`PodRuntime.ensure_image`. ``target``: the id of a running container of the sandbox
    whose processes it is to see."""

    name: str
    image: str
    attempt: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    env: tuple[tuple[str, str], ...] = ()
    working_directory: str = ""
    mounts: tuple[Mount, ...] = ()
    security: Security = Security()
    limits: Limits = Limits()
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    target: str = ""


class State(Enum):
    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Container:
    """Times in nanoseconds since 1970, 0: not yet. ``reason`` upstream's: Completed, Error, OOMKilled,
    StartError (then ``message`` says why). ``log``: its file, in CRI's format;
    ``layer``: the directory of what it has written besides."""

    id: str
    sandbox: str
    name: str
    attempt: int
    state: State
    image: str
    image_reference: str
    created_ns: int
    started_ns: int = 0
    finished_ns: int = 0
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    pid: int = 0
    log: str = ""
    layer: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Executed:
    """What a command inside a container has said and how it ended."""

    exit_code: int
    output: bytes
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU time in nanoseconds since the start; memory as ``kubectl top`` shows it (without inactive file pages)."""

    cpu_ns: int
    memory_bytes: int
    time_ns: int
    pids: int = 0


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """``reference`` is what :class:`Container` shows as imageID. ``is_collectable``: it is here for pods alone, and may
    be removed when none uses it."""

    id: str
    reference: str
    names: tuple[str, ...] = ()
    size_bytes: int = 0
    user: str = ""
    is_collectable: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of a registry, from a pull secret."""

    registry: str
    username: str = ""
    password: str = ""


class PodRuntime(Protocol):
    """See the module. All methods are idempotent, and safe to be cancelled. Raises :mod:`wherry.kit.errors`: NotFound
    for what is not there, Invalid for what cannot work however often it is tried, Unavailable for what may."""

    def sandboxes(self, pod: str = "") -> Sequence[Sandbox]:
        """Of one pod, by its UID, or of all."""

    def containers(self, sandbox: str = "") -> Sequence[Container]:
        """Of one sandbox, or of all."""

    def subscribe(self, changed: Callable[[str], None]) -> Callable[[], None]:
        """``changed(sandbox id)`` is called when something of it has changed; returns what ends that."""

    async def ensure_image(self, reference: str, pull: bool, credentials: Sequence[Credentials] = ()) -> ImageStatus:
        """The image, pulled when it is not there (or, with ``pull``, looked for anew). Raises NotFound when it is not
        there and cannot be pulled: the registry says there is none; Unavailable otherwise."""

    def image(self, reference: str) -> ImageStatus | None:
        """What is there already."""

    def images(self) -> Sequence[ImageStatus]: ...

    async def remove_image(self, image: str) -> None:
        """One that is collectable. Idempotent. Raises Conflict when a container of whoever else uses it."""

    async def start_sandbox(self, spec: SandboxSpec) -> Sandbox: ...

    async def stop_sandbox(self, sandbox: str) -> None:
        """Of a pod that has ended: kill what still runs in it and give back its network. Its containers, their logs
        and states stay until it is removed; it is not ready any more. Idempotent."""

    async def set_sandbox_limits(self, sandbox: str, limits: Limits) -> None:
        """Of all that runs in it together."""

    async def remove_sandbox(self, sandbox: str) -> None:
        """With all that is left of its containers. Idempotent."""

    async def create_container(self, sandbox: str, spec: ContainerSpec) -> str:
        """Its id; nothing runs yet."""

    async def start_container(self, container: str) -> None:
        """Raises Invalid with what kept it from running (no such command, …)."""

    async def stop_container(self, container: str, grace_seconds: float, signal: str = "") -> None:
        """Ask it to end (SIGTERM, or the image's or given signal), and kill it when the time is over. Returns when it
        has ended."""

    async def remove_container(self, container: str) -> None:
        """With its log. Idempotent; a running one is killed."""

    async def execute(self, container: str, command: Sequence[str], timeout_seconds: float) -> Executed:
        """Run a command inside, for probes and hooks; at most 10 KB of its output are kept."""

    async def set_limits(self, container: str, limits: Limits) -> None:
        """Of a running container."""

    def usage(self, container: str) -> Usage | None:
        """None when it does not run."""

    def open_exec(
        self, container: str, command: Sequence[str], tty: bool, stdin: bool
    ) -> "AsyncContextManagerOfStreams": ...

    def open_attach(self, container: str, stdin: bool) -> "AsyncContextManagerOfStreams": ...

    async def connect(self, sandbox: str, port: int) -> int:
        """A connected stream socket (its descriptor, the caller's) to a TCP port inside the sandbox's network."""


class Streams(Protocol):
    """A process's terminal or pipes. ``output`` gives (1 or 2, bytes)."""

    def output(self) -> AsyncIterator[tuple[int, bytes]]: ...

    async def write(self, data: bytes) -> None: ...

    async def close_input(self) -> None: ...

    async def resize(self, width: int, height: int) -> None: ...

    async def exit_code(self) -> int: ...


class AsyncContextManagerOfStreams(Protocol):
    """Ends what it opened when it is left."""

    async def __aenter__(self) -> Streams: ...

    async def __aexit__(self, *error: object) -> None: ...
