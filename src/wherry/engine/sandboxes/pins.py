"""Namespaces kept by mounts, below one directory: effects on the kernel, see the package's docstring for the layout."""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EACCES, EINVAL, ENOENT
from pathlib import Path

from wherry.engine.sandboxes.model import PodSandbox, Wanted
from wherry.linux import mount, namespaces, processes
from wherry.linux.errors import KernelError
from wherry.linux.identity import become
from wherry.linux.namespaces import is_namespace, open_namespace, open_pinned
from wherry.linux.syscalls import sethostname, setns, umount, unshare

SHM = "shm"
FILES = ("hosts", "hostname", "resolv.conf")
_BYTES = 256 << 10
_CLOSED = mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC
_FLAGS = {"net": namespaces.NEWNET, "ipc": namespaces.NEWIPC, "uts": namespaces.NEWUTS}


class KernelPins:
    """See :class:`.needs.Pins`. ``base`` is the directory that is mounted over."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._turn = threading.Lock()

    def make(self, sandbox: PodSandbox, wanted: Wanted, pid: int | None) -> None:
        directory = self._base / sandbox.id
        self._lay_ground()
        directory.mkdir(0o700)
        try:
            _mount_tmpfs(directory, "700", _BYTES)
            if not sandbox.host_ipc:
                (directory / SHM).mkdir()
                _mount_tmpfs(directory / SHM, "1777", wanted.shm_bytes)
                os.chown(directory / SHM, sandbox.ids or 0, sandbox.ids or 0)
            if sandbox.kinds:
                _in_thread(lambda: _furnish(directory, sandbox, wanted, pid))
        except BaseException:
            self.remove(sandbox.id)
            raise

    def pin_processes(self, sandbox: PodSandbox, pid: int) -> None:
        _pin(open_namespace(pid, "pid"), self._base / sandbox.id / "pid")

    def write(self, sandbox: PodSandbox, texts: Mapping[str, str]) -> None:
        owner = sandbox.ids or 0
        for name, text in texts.items():
            path = self._base / sandbox.id / name
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            try:
                os.write(fd, text.encode())
                os.fchmod(fd, 0o644)
                os.fchown(fd, owner, owner)
            except OSError as error:
                raise KernelError(error.errno or 0, "write", str(path)) from error
            finally:
                os.close(fd)

    def is_whole(self, sandbox: PodSandbox) -> bool:
        directory = f"{self._base}/{sandbox.id}"  # asked often: a Path costs more than what it names
        if not sandbox.kinds:
            return os.path.exists(f"{directory}/{FILES[0]}")
        return all(is_namespace(f"{directory}/{kind}") for kind in sandbox.kinds)

    def path(self, sandbox: PodSandbox, kind: str) -> Path:
        return self._base / sandbox.id / kind

    def open(self, sandbox: PodSandbox, kind: str) -> int:
        return open_pinned(self.path(sandbox, kind))

    def remove(self, sandbox_id: str) -> None:
        directory = self._base / sandbox_id
        _unmount(directory)  # with all that is mounted below
        with suppress(FileNotFoundError):
            directory.rmdir()

    def there(self) -> list[str]:
        try:
            return sorted(os.listdir(self._base))
        except FileNotFoundError:
            return []

    def remove_all(self) -> None:
        _unmount(self._base)
        with suppress(FileNotFoundError):
            self._base.rmdir()

    def _lay_ground(self) -> None:
        """Where all sandboxes are: private, so that what is mounted there is mounted here alone."""
        with self._turn:
            if self._base.is_mount():
                return
            self._base.mkdir(0o700, parents=True, exist_ok=True)
            tree = _mount_tmpfs(self._base, "700", _BYTES * 4, keep=True)
            try:
                mount.set_attributes(tree, propagation=mount.PROPAGATION["private"], path=str(self._base))
            finally:
                os.close(tree)


def _mount_tmpfs(path: Path, mode: str, size_bytes: int, keep: bool = False) -> int:
    """The descriptor is the caller's when it is to be kept, else closed."""
    options: list[tuple[str, str | None]] = [("source", "wherry"), ("mode", mode), ("size", str(size_bytes))]
    tree = mount.create("tmpfs", options, _CLOSED)
    try:
        mount.move_to_path(tree, str(path))
    except BaseException:
        os.close(tree)
        raise
    if not keep:
        os.close(tree)
    return tree


def _unmount(path: Path) -> None:
    """All that is mounted at ``path``; what still uses it keeps it (MNT_DETACH)."""
    try:
        while True:
            umount(str(path), mount.MNT_DETACH)
    except KernelError as error:
        if error.errno not in (EINVAL, ENOENT):  # EINVAL: nothing is mounted there
            raise


def _furnish(directory: Path, sandbox: PodSandbox, wanted: Wanted, pid: int | None) -> None:
    """In a thread of its own, which goes into the namespaces, and ends."""
    kinds = [kind for kind in sandbox.kinds if kind != "pid"]
    entered = [kind for kind in kinds if kind in _FLAGS]
    if pid is None:
        unshare(sum(_FLAGS[kind] for kind in entered))
    else:
        for kind in entered:
            fd = open_namespace(pid, kind)
            try:
                setns(fd, _FLAGS[kind])
            finally:
                os.close(fd)
    for kind in kinds:
        if pid is not None:
            namespace = open_namespace(pid, kind)
        else:
            namespace = os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
        _pin(namespace, directory / kind)
    if "uts" in entered:
        sethostname(sandbox.hostname)
    if "net" in entered and pid is None:
        processes.loopback_up()
    _set_sysctls(wanted.sysctls, sandbox.ids)


def _pin(namespace: int, path: Path) -> None:
    """Mount a namespace on a new file; the descriptor is closed."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o400))
        tree = mount.clone_tree("", namespace)
        try:
            mount.move_to_path(tree, str(path))
        finally:
            os.close(tree)
    finally:
        os.close(namespace)


def _set_sysctls(settings: Mapping[str, str], root: int | None) -> None:
    """``root`` is the host's id of the namespaces' own root; None: it is the host's.

    The files of an IPC namespace are his alone on newer kernels (ipc_sysctl.c: ipc_permissions; in 6.18, not in 6.1),
    while those of a network are written by whoever may administer it: what is refused to us is done as him.
    """
    left = dict(settings)
    for name, value in settings.items():
        try:
            _write_sysctl(name, value)
        except KernelError as error:
            if error.errno != EACCES or root is None:
                raise
        else:
            del left[name]
    if left and root is not None:
        become(root)
        for name, value in left.items():
            _write_sysctl(name, value)


def _write_sysctl(name: str, value: str) -> None:
    """What /proc/sys shows of network and IPC is that of the thread which opens it (sysctl_net.c, ipc_sysctl.c)."""
    path = "/proc/sys/" + name.replace(".", "/")
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError(error.errno or 0, f"set sysctl {name} to {value!r}", path) from error


def _in_thread(work: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="sandbox", daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures.pop()
