"""Mounting without anybody seeing it: work in a thread that has a mount namespace to itself."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from wherry.linux import mount
from wherry.linux.namespaces import FS, NEWNS
from wherry.linux.syscalls import unshare

T = TypeVar("T")


def with_own_mounts(work: Callable[[], T]) -> T:
    """What ``work`` returns or raises in a thread of its own, whose mounts and working directory are nobody else's.

    They end with it; detached mounts and descriptors that it made stay, and are good in every thread. Blocks. Raises
    KernelError without CAP_SYS_ADMIN.
    """
    task = _Task(work)
    thread = threading.Thread(target=task.run, name="own-mounts", daemon=True)
    thread.start()
    thread.join()
    if task.error is not None:
        try:
            raise task.error
        finally:
            task.error = None  # an error that holds its own frame lives until the collector finds it
    return task.results.pop()


class _Task(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.results: list[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            unshare(FS | NEWNS)  # in one thread of many only CLONE_FS makes that possible (unshare(2))
            root = os.open("/", os.O_PATH | os.O_CLOEXEC)
            try:
                mount.set_attributes(root, propagation=mount.PROPAGATION["private"], recursive=True, path="/")
            finally:
                os.close(root)
            self.results.append(self._work())
        except BaseException as error:
            self.error = error
