"""Process 1 of a pid namespace that several containers share: it reaps whoever is left to it, and nothing else."""

import os
import signal
import socket
from contextlib import suppress
from typing import NoReturn

from wherry.engine.runtime import home, wire
from wherry.linux import capabilities, mount, processes


def hold(control: socket.socket) -> NoReturn:
    """Become it, say so on ``control``, and stay.

    Those who share the namespace see us in their /proc: we have an empty root, no descriptor, no right, and say
    nothing of the host. A signal from inside the namespace does nothing to its process 1 (pid_namespaces(7)).
    """
    processes.set_name("wherry-pause")
    processes.hide_arguments()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _empty_root()
    capabilities.drop_bounding([])
    capabilities.set_capabilities(effective=[], permitted=[], inheritable=[], ambient=[])
    processes.no_new_privileges()
    wire.send(control, {"held": True})
    control.close()
    for number in range(3):
        os.close(number)
    while True:
        signal.sigwaitinfo([signal.SIGCHLD])
        reap()


def reap() -> None:
    """Take the exit status of every child that has ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _empty_root() -> None:
    root = mount.create("tmpfs", [("mode", "555"), ("nr_inodes", "1")], mount.ATTR_RDONLY | mount.ATTR_NOSUID)
    place = os.open(home.NEWROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    mount.move(root, place, "empty root")
    os.close(place)
    mount.pivot_into(root)
    os.close(root)
