"""Who holds an instance: one flock(2) on ``ROOT/instance.lock``, with the holder's pid inside.

``wherry up`` takes the lock and hands the descriptor to the supervisor, which hands it to node: the root is free when
both have ended, and not before. Nothing needs cleaning up after a crash.
"""

import fcntl
import os
import time
from pathlib import Path

from wherry.engine.instance import Instance
from wherry.kit.errors import Conflict

# How long `up` waits for a node whose supervisor was killed to notice and go.
ORPHAN_SECONDS = 10.0


def lock_path(instance: Instance) -> Path:
    return instance.root / "instance.lock"


def take(instance: Instance) -> int:
    """Return a descriptor that holds the lock; raises Conflict naming pid and root when another daemon has it."""
    descriptor = os.open(lock_path(instance), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + ORPHAN_SECONDS
    while not _try(descriptor):
        pid = _pid_in(descriptor)
        if alive(pid) or time.monotonic() > deadline:
            os.close(descriptor)
            raise Conflict(
                f"another Wherry daemon (pid {pid or 'unknown'}) holds {instance.root}: "
                f"stop it with `wherry down{instance.flag}`, or choose another directory with --root"
            )
        time.sleep(0.02)
    return descriptor


def holder(instance: Instance) -> int | None:
    """Pid of the daemon that holds the instance, or None when nobody does; 0 when its supervisor is gone."""
    try:
        descriptor = os.open(lock_path(instance), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _try(descriptor):
            return None
        pid = _pid_in(descriptor)
        return pid if alive(pid) else 0
    finally:
        os.close(descriptor)


def wait_free(instance: Instance, seconds: float | None) -> bool:
    """Wait until nobody holds the instance; False when ``seconds`` (None: without end) have passed before."""
    deadline = None if seconds is None else time.monotonic() + seconds
    while holder(instance) is not None:
        if deadline is not None and time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    """Whether a process of this id exists (one that has ended and is not reaped yet does not count)."""
    if pid <= 0:
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()  # a name may be of any bytes
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in b"ZX"


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid_in(descriptor: int) -> int:
    content = os.pread(descriptor, 32, 0).strip()
    return int(content) if content.isdigit() else 0
