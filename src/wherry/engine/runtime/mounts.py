"""Build what a container sees: its mounts, devices and masks, before its root becomes the root.

Runs in the container's init, with its rights. What hardly ever differs between containers (/proc, /sys and /dev with
all that is on, in and over them) is built ahead, while init waits, on a scratch directory; a start then moves three
trees. A start that asks for something else in one of them builds that one anew.
"""

import os
import stat
from typing import Any

from wherry.engine.runtime import home
from wherry.engine.runtime.binding import CLOSED, attach, make_readonly, mask, new_filesystem, refuse_links, target
from wherry.engine.runtime.copyup import copy_up
from wherry.engine.runtime.failure import Failure
from wherry.linux import mount, openat2
from wherry.linux.errors import KernelError

Fds = dict[str, int]
Entry = dict[str, Any]

BASES = ("/proc", "/dev", "/sys")
_KERNEL_TYPES = {"proc", "sysfs", "devpts", "mqueue", "cgroup"}
# What may be mounted over inside /proc (lxcfs and friends); the list of runc's libcontainer.
_PROC_ALLOWED = {f"/proc/{n}" for n in ("cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg")}
_DEV_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}


def base_of(path: str) -> str | None:
    """Which of BASES ``path`` lies in."""
    return next((base for base in BASES if path == base or path.startswith(base + "/")), None)


class Skeleton:
    """The part of a configuration that lies in one of BASES, normalised so that two can be compared."""

    def __init__(self, config: dict[str, Any], base: str) -> None:
        linux = config.get("linux") or {}
        self.base = base
        self.mounts = [
            (_destination(entry), entry.get("type", "bind"), sorted(entry.get("options") or ()))
            for entry in config.get("mounts") or ()
            if base_of(_destination(entry)) == base and entry.get("type") != "cgroup"
        ]
        self.readonly = sorted(path for path in linux.get("readonlyPaths") or () if base_of(path) == base)
        self.masked = sorted(path for path in linux.get("maskedPaths") or () if base_of(path) == base)

    def same(self, other: "Skeleton") -> bool:
        ours = (self.mounts, self.readonly, self.masked)
        return bool(self.mounts) and ours == (other.mounts, other.readonly, other.masked)


class Tree:
    """A container's mounts below the directory of descriptor ``root`` (O_PATH), in the making."""

    def __init__(self, root: int, fds: Fds, mapped: bool) -> None:
        self.root = root
        self.devpts: int | None = None
        self._fds = fds
        self._mapped = mapped
        self._proc_device: int | None = None

    def mount_all(self, config: dict[str, Any], ahead: "Ahead | None" = None) -> None:
        """Mount everything but cgroups: what was built ahead if it is as wanted, the rest from scratch."""
        taken = self._take(config, ahead) if ahead else set()
        for index, entry in enumerate(config.get("mounts") or ()):
            if entry.get("type") != "cgroup" and base_of(_destination(entry)) not in taken:
                self._mount(index, entry)
        has_dev = any(_destination(entry) == "/dev" for entry in config.get("mounts") or ())
        if has_dev and "/dev" not in taken:
            self._fill_dev()
        linux = config.get("linux") or {}
        for device in linux.get("devices") or ():
            self._extra_device(device)
        make_readonly(self.root, [p for p in linux.get("readonlyPaths") or () if base_of(p) not in taken])
        mask(self.root, [p for p in linux.get("maskedPaths") or () if base_of(p) not in taken])

    def _take(self, config: dict[str, Any], ahead: "Ahead") -> set[str]:
        taken: set[str] = set()
        for base in BASES:
            if ahead.offers(Skeleton(config, base)):
                refuse_links(self.root, base)
                place = openat2.make_directories(self.root, base)
                ahead.move(base, place)
                os.close(place)
                taken.add(base)
        if "/proc" in taken:
            proc = openat2.open_directory(self.root, "/proc")
            self._proc_device = os.fstat(proc).st_dev
            os.close(proc)
        if "/dev" in taken:
            self.devpts = ahead.devpts
        return taken

    def _mount(self, index: int, entry: Entry) -> None:
        kind, destination = entry.get("type", "bind"), _destination(entry)
        options = list(entry.get("options") or ())
        if destination == "/":
            raise Failure("mount", f"invalid mount {entry['destination']}: the destination is the root directory")
        tree = self._fds.pop(f"mount:{index}") if kind == "bind" else new_filesystem(kind, options)
        place = self._target(destination, kind, kind == "bind" and not openat2.is_directory(tree))
        if "x-copy-up" in options:
            copy_up(place, tree)
        attach(tree, place, destination, options if kind == "bind" else [])
        if kind == "proc":
            self._proc_device = os.fstat(tree).st_dev
        if kind == "devpts" and destination == "/dev/pts":
            self.devpts = tree
        else:
            os.close(tree)

    def _target(self, destination: str, kind: str, is_file: bool) -> int:
        place = target(self.root, destination, is_file, ordinary=kind in _KERNEL_TYPES or destination in BASES)
        in_proc = self._proc_device is not None and os.fstat(place).st_dev == self._proc_device
        if (in_proc or destination == "/proc") and kind != "proc" and destination not in _PROC_ALLOWED:
            os.close(place)
            raise Failure("mount", f"{destination} cannot be mounted because it is inside /proc", 1, destination)
        return place

    def mount_cgroups(self, config: dict[str, Any]) -> None:
        """The container's own cgroups at their usual places; the shim made the copies, as host root."""
        for entry in config.get("mounts") or ():
            if entry.get("type") == "cgroup":
                self._mount_cgroups(_destination(entry), list(entry.get("options") or ()))

    def _mount_cgroups(self, destination: str, options: list[str]) -> None:
        names = sorted(name[7:] for name in self._fds if name.startswith("cgroup:"))
        place = target(self.root, destination, False, ordinary=True)
        if names == [""]:
            tree = self._fds.pop("cgroup:")
            attach(tree, place, destination, options)
            os.close(tree)
            return
        base = mount.create("tmpfs", [("source", "cgroup"), ("mode", "755"), ("size", "64k")], CLOSED)
        mount.move(base, place, destination)
        os.close(place)
        for name in names:
            tree = self._fds.pop(f"cgroup:{name}")
            os.mkdir(name, dir_fd=base)
            mount.move_below(tree, base, name)
            os.close(tree)
        readonly = mount.ATTR_RDONLY if "ro" in options else 0
        mount.set_attributes(base, add=CLOSED | readonly, recursive=True, path=destination)
        os.close(base)

    def _fill_dev(self) -> None:
        """/dev's usual links and devices (runtime-spec config-linux.md, Default Devices)."""
        dev = openat2.open_directory(self.root, "/dev")
        for name, points_to in _DEV_LINKS.items():
            try:
                os.symlink(points_to, name, dir_fd=dev)
            except FileExistsError:  # a bind of the host's /dev has its own
                pass
        for name, number in home.DEVICES.items():
            self._device(dev, name, stat.S_IFCHR | 0o666, os.makedev(*number), (0, 0))
        os.close(dev)

    def _extra_device(self, device: dict[str, Any]) -> None:
        path = device["path"]
        parent = openat2.make_directories(self.root, os.path.dirname(path))
        kind = {"b": stat.S_IFBLK, "p": stat.S_IFIFO}.get(device["type"], stat.S_IFCHR)
        number = os.makedev(device.get("major", 0), device.get("minor", 0))
        mode = kind | device.get("fileMode", 0o666) & 0o7777
        owner = device.get("uid", 0), device.get("gid", 0)
        self._device(parent, os.path.basename(path), mode, number, owner, self._fds.pop(f"device:{path}", None))
        os.close(parent)

    def _device(
        self, parent: int, name: str, mode: int, number: int, owner: tuple[int, int], copy: int | None = None
    ) -> None:
        """A user namespace may not make devices: there, one of the shim's is bound on an empty file."""
        if self._mapped:
            tree = mount.clone_tree(f"/dev/{name}") if copy is None else copy
            flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC
            try:
                os.close(os.open(name, flags, 0o600, dir_fd=parent))
            except FileExistsError:
                pass
            mount.move_below(tree, parent, name)
            os.close(tree)
            return
        try:
            os.mknod(name, mode, number, dir_fd=parent)
            os.chown(name, *owner, dir_fd=parent, follow_symlinks=False)
            os.chmod(name, stat.S_IMODE(mode), dir_fd=parent)  # past the umask
        except FileExistsError:
            pass


class Ahead:
    """What is built while init waits: /proc, /dev and /sys of ``config`` on a scratch tmpfs, and a /proc of our own."""

    def __init__(self, config: dict[str, Any], mapped: bool) -> None:
        self._offered = {base: Skeleton(config, base) for base in BASES}
        scratch = mount.create("tmpfs", [("mode", "755"), ("size", "64k")])
        mount.move_to_path(scratch, home.SCRATCH)
        tree = Tree(scratch, {}, mapped)
        tree.mount_all(config)
        self.devpts = tree.devpts
        self.proc = mount.create("proc", attributes=CLOSED)
        os.close(scratch)

    def offers(self, wanted: Skeleton) -> bool:
        return wanted.same(self._offered[wanted.base])

    def move(self, base: str, place: int) -> None:
        mount.move_attached(home.SCRATCH + base, place)


def write_sysctls(proc: int, settings: dict[str, Any]) -> None:
    """Written through a /proc of our own that no mount of the container can redirect (CVE-2025-52881)."""
    for name, value in settings.items():
        path = "sys/" + name.replace(".", "/")
        if "/" in name or ".." in name or not name:
            raise Failure("set sysctl", f'sysctl "{name}" is not a valid name', path=name)
        try:
            resolve = openat2.RESOLVE_BENEATH | openat2.RESOLVE_NO_SYMLINKS | openat2.RESOLVE_NO_XDEV
            fd = openat2.openat2(proc, path, os.O_WRONLY, resolve=resolve)
            try:
                os.write(fd, str(value).encode())
            finally:
                os.close(fd)
        except (KernelError, OSError) as error:
            text = f"write sysctl key {name}: open /proc/{path}: {error.strerror}"
            raise Failure("set sysctl", text, error.errno or 0, name) from error


def _destination(entry: Entry) -> str:
    return os.path.normpath("/" + str(entry["destination"]).lstrip("/"))
