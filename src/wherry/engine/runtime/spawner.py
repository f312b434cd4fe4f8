"""Forks shims. Tiny, single-threaded, the standard library and ``wherry.linux`` only; it keeps no state.

Run as ``python -I -S -c "…" CONTROL_FD DIRECTORY…`` from a sealed copy of the interpreter (see :mod:`client`). It
lives in its own small mount namespace (see :mod:`home`). A request is one message: the isolation, the shim's end of
its control socket, and the namespaces to share; the shim itself answers, over that socket. When the daemon ends, so
does the spawner; the shims do not.
"""

import gc
import os
import signal
import socket
import sys
from typing import NoReturn

from wherry.engine.runtime import home, shim, wire
from wherry.engine.runtime.ground import Ground
from wherry.linux import processes
from wherry.linux.cgroup import layout


class _NoImports:
    """Anything imported from here on might come out of a container's file system (CVE-2019-14271)."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        raise ImportError(f"import of {name} after start: refused")


def main(control_fd: int, staging: str, directories: list[str]) -> NoReturn:
    """Serve the daemon at the other end of ``control_fd`` until it closes."""
    processes.forbid_inspection()
    processes.set_name("wherry-spawner")
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    ground = Ground(layout(), os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC))
    home.enter(directories, staging)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # shims are nobody's zombies
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.meta_path.insert(0, _NoImports())
    gc.collect()
    processes.give_back_memory()
    gc.freeze()
    gc.disable()
    try:
        wire.send(control, {"ready": True})
        while (received := wire.receive(control)) is not None:
            _spawn(control, received, ground)
            received.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the daemon ended before it read that we are ready
    os._exit(0)


def _spawn(control: socket.socket, received: wire.Received, ground: Ground) -> None:
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("the spawner must have one thread: a fork would lose the others")
    if os.fork() != 0:
        return
    try:
        control.close()
        own = received.take("control")
        if own is not None:
            joins, received.fds = received.fds, {}
            shim.main(socket.socket(fileno=own), received.message, joins, ground)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # into the daemon's log; the container is reported as lost
        os._exit(1)
    os._exit(0)
