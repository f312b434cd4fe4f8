"""Start the spawner's process.

In a file of its own that needs little: the daemon does this first, and loads all else while the spawner loads.
"""

import os
import socket
import sys
from pathlib import Path

import msgspec

import wherry
from wherry.engine.instance import Instance
from wherry.engine.runtime import wire
from wherry.linux.processes import sealed_copy

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from wherry.engine.runtime.spawner import main; "
    "main(int(sys.argv[2]), sys.argv[3], sys.argv[4:])"
)


class Launched(msgspec.Struct, frozen=True):
    """A spawner, our child, that will say over ``control`` when it is ready, and ends when that is closed."""

    pid: int
    control: socket.socket


def launch(instance: Instance) -> Launched:
    """Start one; makes the instance's directories that it needs."""
    for directory in (instance.root, instance.run, instance.shims, instance.tmp):
        directory.mkdir(parents=True, exist_ok=True)
    ours, theirs = wire.pair()
    try:
        pid = _run(theirs.fileno(), instance)
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return Launched(pid, ours)


def _run(control: int, instance: Instance) -> int:
    """Run a sealed copy of the interpreter with nothing of our environment in it: a container could read it."""
    program = os.path.realpath(sys.executable)
    package = str(Path(wherry.__file__).parent.parent)
    directories = [str(instance.root)]
    if not instance.run.is_relative_to(instance.root):
        directories.append(str(instance.run))
    arguments = [program, "-I", "-S", "-B", "-c", _START, package, str(control), str(instance.tmp), *directories]
    image = sealed_copy(program)
    try:
        return os.posix_spawn(
            f"/proc/self/fd/{image}",
            arguments,
            {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MALLOC_ARENA_MAX": "1"},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, control, control),  # inherited, and only here
            ],
            setsigdef=list(range(1, 32)),
        )
    finally:
        os.close(image)
