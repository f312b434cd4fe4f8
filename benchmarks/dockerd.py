"""Debian's dockerd with a containerd of its own, where it can touch nothing of the machine's.

It has mount, network and pid namespaces, directories and a cgroup of its own. It ends with the process that was
started, and nothing of it stays.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import wait_until

_READY_SECONDS = 30.0
_STOP_SECONDS = 20.0
_CGROUP_ROOT = Path("/sys/fs/cgroup")
# /run and /opt: containerd makes directories there whatever it is told. tini: it would not reap what it leaves behind.
_SCRIPT = """
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /opt && ip link set lo up
exec tini -- "$@"
"""


class Unavailable(Exception):
    """There is no dockerd, or it does not start; the text says why."""


@dataclass(frozen=True, slots=True)
class Dockerd:
    """``socket`` is its API's. ``version`` as it says; ``first`` the host pid of its first process."""

    socket: Path
    version: str
    first: int


@contextmanager
def running(directory: Path, name: str) -> Iterator[Dockerd]:
    """A dockerd in the new ``directory``, which goes with it; ``name`` is its cgroup's. Unavailable."""
    version = _version()
    directory.mkdir()
    socket = directory / "docker.sock"
    with (directory / "log").open("wb") as log:
        command = [*_isolated(), *_command(directory, socket, name)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_ready(process, socket, directory / "log")
        yield Dockerd(socket, version, _first_child(process.pid))
    finally:
        _end(process)
        _remove_cgroups(name)
        shutil.rmtree(directory, ignore_errors=True)


def _version() -> str:
    for program in ("dockerd", "containerd", "docker", "tini", "unshare", "ip", "iptables"):
        if shutil.which(program) is None:
            raise Unavailable(f"there is no {program} (Debian's packages docker.io, tini and iproute2 bring all)")
    words = subprocess.run(["dockerd", "--version"], capture_output=True, text=True, check=True).stdout.split()
    return words[2].rstrip(",")


def _isolated() -> list[str]:
    return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", _SCRIPT, "-"]


def _command(directory: Path, socket: Path, name: str) -> list[str]:
    return [
        "dockerd",
        f"--host=unix://{socket}",
        f"--data-root={directory}/data",
        f"--exec-root={directory}/exec",
        f"--pidfile={directory}/pid",
        f"--config-file={_nothing(directory)}",
        f"--cgroup-parent=/{name}",
        "--iptables=true",
        "--log-level=warn",
    ]


def _nothing(directory: Path) -> Path:
    """Not the machine's own /etc/docker/daemon.json."""
    path = directory / "daemon.json"
    path.write_text("{}")
    return path


def _wait_ready(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise Unavailable(f"dockerd ended at its start: {_last_line(log)}")
        return socket.exists() and docker(socket, "version").returncode == 0

    try:
        wait_until(answers, _READY_SECONDS, "dockerd")
    except TimeoutError as error:
        raise Unavailable(f"{error}: {_last_line(log)}") from error


def docker(socket: Path, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """The docker command, the first in PATH, on the daemon of ``socket``."""
    command = ["docker", "--host", f"unix://{socket}", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _first_child(pid: int) -> int:
    """The first process of the pid namespace: with it, all others end."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask dockerd to stop; kill the first process, and with it all, if it does not."""
    try:
        if process.poll() is None:
            os.kill(_first_child(process.pid), signal.SIGTERM)
            process.wait(_STOP_SECONDS)
    except (IndexError, OSError, subprocess.TimeoutExpired):
        process.kill()  # --kill-child
    finally:
        process.wait()


def _remove_cgroups(name: str) -> None:
    """Those of version 1 lie in directories of their controllers, that of version 2 in another, or at the top."""
    for top in (_CGROUP_ROOT / name, *_CGROUP_ROOT.glob(f"*/{name}")):
        for directory, _, _ in os.walk(top, topdown=False):
            os.rmdir(directory)
