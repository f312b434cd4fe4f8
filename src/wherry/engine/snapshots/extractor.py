"""From a layer's archive to a directory that overlayfs can stack: one method a kind of entry.

The input is hostile. All paths go through :class:`Directories`; below an open directory only single names are used, and
never one that is followed. What an entry replaces is removed first, as every extractor does; what was there cannot be
written through.
"""

import os
import stat
from collections.abc import Callable, Mapping

from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots import names
from wherry.engine.snapshots.directories import OPAQUE, Directories, Directory, is_whiteout
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.inherit import Inheritance
from wherry.engine.snapshots.model import Limits
from wherry.engine.snapshots.reader import entries
from wherry.engine.snapshots.source import Source
from wherry.kit.errors import Invalid, Unavailable
from wherry.linux.errors import KernelError
from wherry.linux.trees import remove_tree

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ID_LIMIT = (1 << 32) - 1  # chown(2): the last one means "leave it"
_MAJOR_LIMIT, _MINOR_LIMIT = 1 << 12, 1 << 20  # MINORBITS of include/linux/kdev_t.h
_LAST_TIME = (1 << 63) - 1  # nanoseconds; outside, time is 1970, as in Docker (go-archive time.go boundTime)
_FULL = frozenset({28, 122})  # ENOSPC, EDQUOT
_HOSTILE = frozenset({1, 2, 7, 17, 20, 21, 22, 27, 31, 34, 36, 40})
"""What the kernel says to names and values that cannot be: EPERM (a link to a directory), ENOENT, E2BIG (an attribute),
EEXIST, ENOTDIR, EISDIR, EINVAL, EFBIG, EMLINK, ERANGE, ENAMETOOLONG, ELOOP."""
_XATTR_IGNORED = frozenset({95, 1})
"""EOPNOTSUPP; EPERM is what user.* attributes get on anything but files and directories (xattr(7))."""


class Extractor:
    """Extracts one archive into the directory ``root``. Use once, then :meth:`close`.

    ``below`` is what the layers below show. ``is_opaque``: the layer hides all of them.
    """

    def __init__(self, root: int, source: Source, limits: Limits, below: Inheritance) -> None:
        self.size_bytes = 0
        self.entries = 0
        self.is_opaque = False
        self._source = source
        self._limits = limits
        self._below = below
        self._directories = Directories(root, limits.depth, below.adorn)
        self._masked = _umask() | stat.S_ISUID | stat.S_ISGID
        self._replaced_way = False
        self._apply: Mapping[bytes, Callable[[Directory, bytes, Header], None]] = {
            tar.REGULAR: self._regular,
            tar.HARD_LINK: self._hard_link,
            tar.SYMBOLIC_LINK: self._symbolic_link,
            tar.CHARACTER: self._device,
            tar.BLOCK: self._device,
            tar.FIFO: self._device,
        }

    def run(self) -> None:
        """Extract everything and read the stream to its end. Raises Invalid, Unavailable; OSError of the stream."""
        for header in entries(self._source):
            self.entries += 1
            try:
                self._entry(header)
            except OSError as error:
                raise _translated(error, header) from error
            if self.entries + self._directories.made > self._limits.entries:
                raise Invalid(f"layer has more than {self._limits.entries} entries")
            if self._replaced_way:
                self._replaced_way = False
                self._directories.forget()
        self._source.drain()

    def close(self) -> None:
        """Give the directories that are still open their times. Idempotent."""
        self._directories.close()

    def _entry(self, header: Header) -> None:
        path = names.clean(header.name)
        parent_path, _, name = path.rpartition(b"/")
        if names.WHITEOUT in path:
            if names.is_metadata(path):
                return
            names.refuse_marked_parents(parent_path)
            if name.startswith(names.WHITEOUT):
                self._whiteout(self._parent(parent_path), name)
                return
        self._check(header)
        if header.kind == tar.DIRECTORY:
            self._directory(path, header)
            return
        if not name:
            raise Invalid("layer replaces its root by something that is no directory")
        self._apply_kind(header)(self._parent(parent_path), name, header)

    def _apply_kind(self, header: Header) -> Callable[[Directory, bytes, Header], None]:
        try:
            return self._apply[header.kind]
        except KeyError:
            raise Invalid(f"layer has an entry of unknown type {header.kind!r}: {_shown(header)}") from None

    def _parent(self, path: bytes) -> Directory:
        directory = self._directories.get(path)
        if directory.depth >= self._limits.depth:
            raise Invalid(f"layer has a path of more than {self._limits.depth} names")
        return directory

    def _check(self, header: Header) -> None:
        if not (0 <= header.uid < _ID_LIMIT and 0 <= header.gid < _ID_LIMIT):
            raise Invalid(f"layer has an owner that is no id: {header.uid}:{header.gid} of {_shown(header)}")
        if not 0 <= header.mtime <= _LAST_TIME:
            header.mtime = 0
        if header.xattrs is not None:
            header.xattrs = _checked_xattrs(header)

    # One method a kind

    def _regular(self, parent: Directory, name: bytes, header: Header) -> None:
        mode = header.mode & 0o7777
        try:
            fd = os.open(name, _CREATE, mode, dir_fd=parent.fd)
        except FileExistsError:
            self._remove(parent, name)
            fd = os.open(name, _CREATE, mode, dir_fd=parent.fd)
        try:
            if header.extents is None:
                self._source.copy(fd, header.size)
            else:
                self._sparse(fd, header)
            if header.uid or header.gid or parent.inherits_group:
                os.fchown(fd, header.uid, header.gid)
            if mode & self._masked:  # after chown and writing, both of which take set-id bits away
                os.fchmod(fd, mode)
            if header.xattrs is not None:
                _set_xattrs(fd, header.xattrs)
            os.utime(fd, ns=(header.mtime, header.mtime))
        finally:
            os.close(fd)
        self.size_bytes += header.real_size

    def _sparse(self, fd: int, header: Header) -> None:
        if self.size_bytes + header.real_size > self._limits.bytes:
            raise Invalid(f"layer has sparse files of more than {self._limits.bytes} bytes: {_shown(header)}")
        os.ftruncate(fd, header.real_size)
        for offset, length in header.extents or ():
            os.lseek(fd, offset, os.SEEK_SET)
            self._source.copy(fd, length)

    def _directory(self, path: bytes, header: Header) -> None:
        if not path:
            self._dress_root(header)
            return
        parent_path, _, name = path.rpartition(b"/")
        parent = self._parent(parent_path)
        mode = header.mode & 0o7777
        opaque = merged = False
        try:
            os.mkdir(name, mode, dir_fd=parent.fd)
        except FileExistsError:
            status = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
            merged = stat.S_ISDIR(status.st_mode)
            if merged:
                self._directories.refresh(status, mode, header.mtime)
            else:
                # Whatever this layer had here, a whiteout or a file, hid what is below: that stays hidden.
                opaque = True
                self._remove(parent, name)
                os.mkdir(name, mode, dir_fd=parent.fd)
        if merged or header.uid or header.gid or parent.inherits_group:
            os.chown(name, header.uid, header.gid, dir_fd=parent.fd, follow_symlinks=False)
        if merged or mode & self._masked or parent.inherits_group:
            os.chmod(name, mode, dir_fd=parent.fd)  # a directory of ours: there is no link to follow
        if header.xattrs is not None:
            _set_xattrs(_beside(parent, name), header.xattrs)
        if opaque:
            os.setxattr(_beside(parent, name), OPAQUE, b"y", follow_symlinks=False)
        os.utime(name, ns=(header.mtime, header.mtime), dir_fd=parent.fd, follow_symlinks=False)

    def _dress_root(self, header: Header) -> None:
        root = self._directories.root
        os.fchown(root.fd, header.uid, header.gid)
        os.fchmod(root.fd, header.mode & 0o7777)
        if header.xattrs is not None:
            _set_xattrs(root.fd, header.xattrs)
        root.mtime = header.mtime
        root.inherits_group = bool(header.mode & stat.S_ISGID)

    def _symbolic_link(self, parent: Directory, name: bytes, header: Header) -> None:
        self._place(parent, name, lambda: os.symlink(header.link, name, dir_fd=parent.fd))
        self._dress(parent, name, header)

    def _device(self, parent: Directory, name: bytes, header: Header) -> None:
        """Character and block devices, FIFOs. A device 0/0 is a whiteout to overlayfs, whoever made it."""
        kind = {tar.CHARACTER: stat.S_IFCHR, tar.BLOCK: stat.S_IFBLK, tar.FIFO: stat.S_IFIFO}[header.kind]
        if not (0 <= header.major < _MAJOR_LIMIT and 0 <= header.minor < _MINOR_LIMIT):
            raise Invalid(f"layer has a device {header.major}:{header.minor} that cannot be: {_shown(header)}")
        device = os.makedev(header.major, header.minor)
        mode = header.mode & 0o7777
        self._place(parent, name, lambda: os.mknod(name, kind | mode, device, dir_fd=parent.fd))
        self._dress(parent, name, header)
        if mode & self._masked:
            os.chmod(name, mode, dir_fd=parent.fd)

    def _dress(self, parent: Directory, name: bytes, header: Header) -> None:
        """Owner, attributes and time of something that cannot be opened."""
        if header.uid or header.gid or parent.inherits_group:
            os.chown(name, header.uid, header.gid, dir_fd=parent.fd, follow_symlinks=False)
        if header.xattrs is not None:
            _set_xattrs(_beside(parent, name), header.xattrs)
        os.utime(name, ns=(header.mtime, header.mtime), dir_fd=parent.fd, follow_symlinks=False)

    def _hard_link(self, parent: Directory, name: bytes, header: Header) -> None:
        """The target is a path in the archive: a leading slash is the layer's root, the last name is not followed."""
        target_path, _, target = names.clean(header.link, "hard link target").rpartition(b"/")
        if not target or b"/" + names.WHITEOUT in b"/" + header.link:
            raise Invalid(f"layer has a hard link {_shown(header)} to what cannot be linked")
        source = self._directories.existing(target_path)
        if source is None:
            raise Invalid(f"layer has a hard link {_shown(header)} to a file it does not have")
        status = os.stat(target, dir_fd=source.fd, follow_symlinks=False)
        if is_whiteout(status):
            raise Invalid(f"layer has a hard link {_shown(header)} to a file it removes")
        if stat.S_ISDIR(status.st_mode):
            raise Invalid(f"layer has a hard link {_shown(header)} to a directory")
        if source is parent and target == name:
            return
        self._place(
            parent,
            name,
            lambda: os.link(target, name, src_dir_fd=source.fd, dst_dir_fd=parent.fd, follow_symlinks=False),
        )

    def _whiteout(self, parent: Directory, name: bytes) -> None:
        """Hide names of the layers below. What this layer itself has under the name stays (image-spec layer.md).

        Where there is nothing to hide no mark is left: a directory that overlayfs does not merge would list it.
        """
        if name == names.OPAQUE_MARK:
            os.setxattr(parent.fd, OPAQUE, b"y")
            self.is_opaque = self.is_opaque or parent is self._directories.root
            return
        target = names.hidden(name)
        path = b"/".join(filter(None, (self._directories.real_path(parent), target)))
        if self._below.find(path) is None:
            return
        try:
            os.mknod(target, stat.S_IFCHR, 0, dir_fd=parent.fd)
        except FileExistsError:
            status = os.stat(target, dir_fd=parent.fd, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                os.setxattr(_beside(parent, target), OPAQUE, b"y", follow_symlinks=False)

    # Replacing

    def _place(self, parent: Directory, name: bytes, make: Callable[[], None]) -> None:
        try:
            make()
        except FileExistsError:
            self._remove(parent, name)
            make()

    def _remove(self, parent: Directory, name: bytes) -> None:
        status = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode):
            self._replaced_way = True  # paths through it are no longer what they were
        remove_tree(parent.fd, name)


def _beside(parent: Directory, name: bytes) -> bytes:
    """A path for calls without descriptors. Leads through our own descriptor; ``name`` is one name."""
    return b"/proc/self/fd/%d/%s" % (parent.fd, name)


def _checked_xattrs(header: Header) -> dict[bytes, bytes] | None:
    """The attributes that are content: capabilities and user.*. Overlayfs's own would forge the stack: refused.

    Others (security.selinux, system.posix_acl_access, …) belong to the machine that made the image: left out.
    """
    kept: dict[bytes, bytes] = {}
    for name, value in (header.xattrs or {}).items():
        if name.startswith((b"trusted.overlay.", b"user.overlay.")):
            raise Invalid(f"layer has an overlayfs attribute {os.fsdecode(name[:80])!r} on {_shown(header)}")
        if name.startswith(b"user.") or name == b"security.capability":
            kept[name] = value
    return kept or None


def _set_xattrs(target: int | bytes, xattrs: dict[bytes, bytes]) -> None:
    """After chown, which takes security.capability away."""
    for name, value in xattrs.items():
        try:
            if isinstance(target, int):
                os.setxattr(target, name, value)
            else:
                os.setxattr(target, name, value, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _XATTR_IGNORED:
                raise


def _umask() -> int:
    """The process's file mode mask (proc(5)), which umask(2) could only tell by changing it under other threads."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1], 8) for line in status if line.startswith("Umask:"))


def _shown(header: Header) -> str:
    return ascii(os.fsdecode(header.name[:200]))


def _translated(error: OSError, header: Header) -> Exception:
    """What the caller can do about it."""
    reason = os.strerror(error.errno or 0)
    step = f"{error.step}: " if isinstance(error, KernelError) else ""
    if error.errno in _FULL:
        return Unavailable(f"cannot extract {_shown(header)}: {reason}; free space and try again")
    if error.errno in _HOSTILE:
        return Invalid(f"layer has an entry that cannot be extracted: {_shown(header)}: {step}{reason}")
    return Unavailable(f"cannot extract {_shown(header)}: {step}{reason}")
