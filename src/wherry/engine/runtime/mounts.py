"""Build what a container sees: its mounts, devices, masks, by descriptor, before its root becomes the root.

Runs in the container's init, with its rights. Every path is resolved inside the container's root (openat2); the mount
points of kernel file systems may not be symbolic links at all (CVE-2019-19921 and its family).
"""

import os
import stat
from typing import Any

from wherry.engine.runtime import home
from wherry.engine.runtime.copyup import copy_up
from wherry.engine.runtime.failure import Failure
from wherry.linux import mount, openat2
from wherry.linux.errors import KernelError

Fds = dict[str, int]

ATTRIBUTES = {  # option: (set, clear) of mount_setattr(2)
    "ro": (mount.ATTR_RDONLY, 0),
    "rw": (0, mount.ATTR_RDONLY),
    "nosuid": (mount.ATTR_NOSUID, 0),
    "suid": (0, mount.ATTR_NOSUID),
    "nodev": (mount.ATTR_NODEV, 0),
    "dev": (0, mount.ATTR_NODEV),
    "noexec": (mount.ATTR_NOEXEC, 0),
    "exec": (0, mount.ATTR_NOEXEC),
    "noatime": (mount.ATTR_NOATIME, mount.ATTR_ATIME),
    "relatime": (mount.ATTR_RELATIME, mount.ATTR_ATIME),
    "strictatime": (mount.ATTR_STRICTATIME, mount.ATTR_ATIME),
    "nodiratime": (mount.ATTR_NODIRATIME, 0),
    "nosymfollow": (mount.ATTR_NOSYMFOLLOW, 0),
}
_IGNORED = {"bind", "rbind", "idmap", "ridmap", "x-copy-up", "defaults", "async", "z", "Z"}
_KERNEL_TYPES = {"proc", "sysfs", "devpts", "mqueue", "cgroup"}
# What may be mounted over inside /proc (lxcfs and friends); the list of runc's libcontainer.
_PROC_ALLOWED = {f"/proc/{n}" for n in ("cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg")}
_LINKS = (
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
)


class Tree:
    """A container's mounts while they are put together. ``root`` is an O_PATH descriptor of its root directory."""

    def __init__(self, config: dict[str, Any], fds: Fds, mapped: bool) -> None:
        self._config = config
        self._fds = fds
        self._mapped = mapped
        self._proc_device: int | None = None
        self.root = -1
        self.devpts: int | None = None

    def build(self) -> None:
        """Mount everything of the configuration; on return only the change of root is left to do."""
        self._take_root()
        for index, entry in enumerate(self._config.get("mounts", ())):
            self._mount(index, entry)
        if self._has_dev():
            self._fill_dev()
        self._sysctls()
        linux = self._config.get("linux", {})
        for path in linux.get("readonlyPaths") or ():
            self._make_readonly(path)
        self._mask(linux.get("maskedPaths") or ())

    def _take_root(self) -> None:
        place = os.open(home.NEWROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        tree = self._fds.pop("rootfs")
        mount.move(tree, place, "root file system")
        os.close(place)
        os.close(tree)
        self.root = os.open(home.NEWROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def _mount(self, index: int, entry: dict[str, Any]) -> None:
        kind = entry.get("type", "bind")
        destination = os.path.normpath("/" + entry["destination"].lstrip("/"))
        options = list(entry.get("options") or ())
        if destination == "/":
            raise Failure("mount", f"invalid mount {entry['destination']}: the destination is the root directory")
        if kind == "cgroup":
            self._mount_cgroups(destination, options)
            return
        tree = self._fds.pop(f"mount:{index}") if kind == "bind" else self._new(kind, options)
        is_file = kind == "bind" and not openat2.is_directory(tree)
        target = self._target(destination, kind, is_file)
        if "x-copy-up" in options:
            copy_up(target, tree)
        self._attach(tree, target, destination, options if kind == "bind" else [])
        if kind == "proc":
            self._proc_device = os.fstat(tree).st_dev
        if kind == "devpts" and destination == "/dev/pts":
            self.devpts = tree
            return
        os.close(tree)

    def _new(self, kind: str, options: list[str]) -> int:
        attributes = 0
        data: list[tuple[str, str | None]] = []
        for option in options:
            if option in ATTRIBUTES:
                attributes = attributes & ~ATTRIBUTES[option][1] | ATTRIBUTES[option][0]
            elif option not in _IGNORED and option.lstrip("r") not in mount.PROPAGATION:
                key, equals, value = option.partition("=")
                data.append((key, value if equals else None))
        try:
            return mount.create(kind, data, attributes)
        except KernelError as error:
            if kind == "sysfs" and error.errno == 1:
                raise Failure(
                    "mount sysfs", f"{error}: the network namespace belongs to another user namespace"
                ) from error
            raise

    def _target(self, destination: str, kind: str, is_file: bool) -> int:
        """An O_PATH descriptor of the mount point, made when missing."""
        if kind in _KERNEL_TYPES or destination in ("/proc", "/sys", "/dev"):
            self._refuse_links(destination)
        target = (openat2.make_file if is_file else openat2.make_directories)(self.root, destination)
        if openat2.is_directory(target) == is_file:
            ours, theirs = ("a file", "a directory") if is_file else ("a directory", "a file")
            raise Failure(
                "mount",
                f"cannot mount {ours} on {destination}, which is {theirs}: not a directory: "
                "Are you trying to mount a directory onto a file (or vice-versa)? "
                "Check if the specified host path exists and is the expected type",
                20,
                destination,
            )
        in_proc = self._proc_device is not None and os.fstat(target).st_dev == self._proc_device
        if (in_proc or destination == "/proc") and kind != "proc" and destination not in _PROC_ALLOWED:
            raise Failure("mount", f"{destination} cannot be mounted because it is inside /proc", 1, destination)
        return target

    def _refuse_links(self, destination: str) -> None:
        try:
            resolve = openat2.IN_ROOT | openat2.RESOLVE_NO_SYMLINKS
            fd = openat2.openat2(self.root, destination, os.O_PATH | os.O_NOFOLLOW, resolve=resolve)
        except KernelError as error:
            if error.errno == 2:
                return
            raise Failure("mount", _not_ordinary(destination), error.errno or 0, destination) from error
        ordinary = openat2.is_directory(fd)
        os.close(fd)
        if not ordinary:
            raise Failure("mount", _not_ordinary(destination), 20, destination)

    def _attach(self, tree: int, target: int, destination: str, options: list[str]) -> None:
        """Put a mount in place, with the attributes and propagation of a bind's options."""
        add = clear = 0
        recursive_add = 0
        for option in options:
            if option in ATTRIBUTES:
                add, clear = add & ~ATTRIBUTES[option][1] | ATTRIBUTES[option][0], clear | ATTRIBUTES[option][1]
            elif option == "rro":
                recursive_add |= mount.ATTR_RDONLY
        if add or clear:
            mount.set_attributes(tree, add=add, clear=clear & ~add, path=destination)
        if recursive_add:
            mount.set_attributes(tree, add=recursive_add, recursive=True, path=destination)
        mount.move(tree, target, destination)
        for option in options:
            if option.lstrip("r") in mount.PROPAGATION:
                flag = mount.PROPAGATION[option.lstrip("r")]
                mount.set_attributes(tree, propagation=flag, recursive=option[0] == "r", path=destination)
        os.close(target)

    def _mount_cgroups(self, destination: str, options: list[str]) -> None:
        """The container's own cgroups at their usual places; the shim made the copies, as host root."""
        names = sorted(name[7:] for name in self._fds if name.startswith("cgroup:"))
        if names and names != [""]:
            flags = mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC
            base = mount.create("tmpfs", [("mode", "755"), ("size", "64k")], flags)
            mount.move(base, self._target(destination, "cgroup", False), destination)
            os.close(base)
        for name in names:
            tree = self._fds.pop(f"cgroup:{name}")
            path = f"{destination}/{name}".rstrip("/")
            self._attach(tree, self._target(path, "cgroup", False), path, options)
            os.close(tree)
        if names and names != [""] and "ro" in options:
            top = openat2.open_directory(self.root, destination)
            mount.set_attributes(top, add=mount.ATTR_RDONLY, path=destination)
            os.close(top)

    def _has_dev(self) -> bool:
        return any(os.path.normpath(m["destination"]) == "/dev" for m in self._config.get("mounts", ()))

    def _fill_dev(self) -> None:
        """/dev's usual links and devices (runtime-spec config-linux.md, Default Devices)."""
        dev = openat2.open_directory(self.root, "/dev")
        for target, name in (*_LINKS, ("pts/ptmx", "ptmx")):
            try:
                os.symlink(target, name, dir_fd=dev)
            except FileExistsError:  # a bind of the host's /dev has its own
                pass
        for name, (major, minor) in home.DEVICES.items():
            self._device(f"/dev/{name}", 0o666, stat.S_IFCHR, major, minor, 0, 0)
        for device in self._config.get("linux", {}).get("devices") or ():
            kind = {"b": stat.S_IFBLK, "p": stat.S_IFIFO}.get(device["type"], stat.S_IFCHR)
            self._device(
                device["path"],
                device.get("fileMode", 0o666) & 0o7777,
                kind,
                device.get("major", 0),
                device.get("minor", 0),
                device.get("uid", 0),
                device.get("gid", 0),
            )
        os.close(dev)

    def _device(self, path: str, mode: int, kind: int, major: int, minor: int, uid: int, gid: int) -> None:
        """A user namespace may not make devices: there, one of the shim's is bound on an empty file."""
        tree = self._fds.pop(f"device:{path}", None)
        if tree is not None:
            self._attach(tree, openat2.make_file(self.root, path), path, [])
            os.close(tree)
            return
        if self._mapped:
            return  # named twice in the configuration
        parent = openat2.make_directories(self.root, os.path.dirname(path))
        name = os.path.basename(path)
        try:
            os.mknod(name, kind | mode, os.makedev(major, minor), dir_fd=parent)
            os.chown(name, uid, gid, dir_fd=parent, follow_symlinks=False)
            os.chmod(name, mode, dir_fd=parent)  # past the umask
        except FileExistsError:
            pass
        finally:
            os.close(parent)

    def _sysctls(self) -> None:
        """Written through a /proc of our own that no mount of the container can redirect (CVE-2025-52881)."""
        settings = self._config.get("linux", {}).get("sysctl") or {}
        if not settings:
            return
        proc = mount.create("proc", attributes=mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC)
        try:
            for name, value in settings.items():
                _write_sysctl(proc, name, str(value))
        finally:
            os.close(proc)

    def _make_readonly(self, path: str) -> None:
        fd = self._existing(path)
        if fd is None:
            return
        tree = mount.clone_tree("", fd, recursive=True)
        flags = mount.ATTR_RDONLY | mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC
        mount.set_attributes(tree, add=flags, path=path)
        mount.move(tree, fd, path)
        os.close(tree)
        os.close(fd)

    def _mask(self, paths: "list[str] | tuple[str, ...]") -> None:
        """Cover files with our own /dev/null and directories with one empty read-only tmpfs."""
        empty: int | None = None
        for path in paths:
            fd = self._existing(path)
            if fd is None:
                continue
            if openat2.is_directory(fd):
                if empty is None:
                    flags = mount.ATTR_RDONLY | mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC
                    empty = mount.create("tmpfs", [("mode", "555"), ("size", "4k"), ("nr_inodes", "1")], flags)
                    cover = empty
                else:
                    cover = mount.clone_tree("", empty)
            else:
                cover = mount.clone_tree("/dev/null")
            mount.move(cover, fd, path)
            if cover != empty:
                os.close(cover)
            os.close(fd)
        if empty is not None:
            os.close(empty)

    def _existing(self, path: str) -> int | None:
        try:
            return openat2.openat2(self.root, path, os.O_PATH)
        except KernelError as error:
            if error.errno in (2, 20):  # ENOENT, ENOTDIR: nothing there to hide
                return None
            raise


def _write_sysctl(proc: int, name: str, value: str) -> None:
    path = "sys/" + name.replace(".", "/")
    if "/" in name or ".." in name or not name:
        raise Failure("set sysctl", f'sysctl "{name}" is not a valid name', path=name)
    try:
        resolve = openat2.RESOLVE_BENEATH | openat2.RESOLVE_NO_SYMLINKS | openat2.RESOLVE_NO_XDEV
        fd = openat2.openat2(proc, path, os.O_WRONLY, resolve=resolve)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)
    except OSError as error:
        text = f"write sysctl key {name}: open /proc/{path}: {error.strerror}"
        raise Failure("set sysctl", text, error.errno or 0, name) from error


def _not_ordinary(destination: str) -> str:
    return f"{destination} must be mounted on ordinary directory"
