"""Directory trees for tests: made at random from a seed, and described so that two can be compared."""

import hashlib
import os
import random
import socket
import stat
import struct
from pathlib import Path

NAMES = [b"a", b"a-b", b"b c", b"\xc3\xa9", b"\xff\xfe", b"new\nline", b"-rf", b"n" * 120, b"o" * 252, b"..x"]
NAMES += [b"wh.", b"x.wh.y"]  # no marks
MODES = [0o644, 0o755, 0o600, 0o4755, 0o2755, 0o6711, 0o000, 0o1777]


def capability(root: int = 0) -> bytes:
    """cap_net_bind_service+ep, version 2, or version 3 for the user namespace whose root is ``root``."""
    if root:
        return struct.pack("<6I", 0x03000001, 1 << 10, 0, 0, 0, root)
    return struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)


def picture(root: Path) -> dict[bytes, tuple[object, ...]]:
    """Everything of a tree that a layer determines, by path. Names of one file have one number.

    Not of it: the root's own time, and times and owners of whiteouts, which no archive has.
    """
    found: dict[bytes, tuple[object, ...]] = {}
    files: dict[int, int] = {}
    base = os.fsencode(root)
    _describe(base, b"", found, files)
    for directory, subdirectories, names in os.walk(base):
        for name in [*subdirectories, *names]:
            path = os.path.join(directory, name)
            _describe(path, path[len(base) + 1 :], found, files)
    return found


def _describe(path: bytes, name: bytes, found: dict[bytes, tuple[object, ...]], files: dict[int, int]) -> None:
    status = os.lstat(path)
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        found[name] = ("whiteout",)
        return
    content: object = None
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    elif stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    number = None if stat.S_ISDIR(status.st_mode) else files.setdefault(status.st_ino, len(files))
    found[name] = (
        oct(status.st_mode),
        status.st_uid,
        status.st_gid,
        status.st_mtime_ns if name else None,
        status.st_rdev,
        number if status.st_nlink > 1 else None,
        content,
        {key: os.getxattr(path, key, follow_symlinks=False) for key in os.listxattr(path, follow_symlinks=False)},
    )


class Grower:
    """Fills a directory as a hostile root of a container, whose ids begin at ``first_id``, might."""

    def __init__(self, seed: int, first_id: int) -> None:
        self.random = random.Random(seed)
        self.first_id = first_id
        self.files: list[bytes] = []

    def grow(self, root: Path, count: int) -> None:
        directories = [os.fsencode(root)]
        for number in range(count):
            parent = self.random.choice(directories)
            path = os.path.join(parent, self.random.choice(NAMES) + b"%03d" % number)
            if len(path) > 3000:
                continue
            self._make(path, directories)
        os.chown(root, self.first_id, self.first_id)
        for path in [*self.files, *directories[1:]]:
            self._dress(path)

    def _make(self, path: bytes, directories: list[bytes]) -> None:
        kind = self.random.randrange(12)
        if kind < 3:
            os.mkdir(path)
            directories.append(path)
        elif kind == 3:
            os.symlink(self.random.choice([b"/etc/passwd", b"..", b"t" * 150, b"\xff", b"/proc/self/exe"]), path)
            self.files.append(path)
        elif kind == 4 and self.files:
            os.link(self.random.choice(self.files), path, follow_symlinks=False)
        elif kind == 5:
            mode, device = self.random.choice(
                [(stat.S_IFIFO, 0), (stat.S_IFCHR, os.makedev(1, 3)), (stat.S_IFBLK, os.makedev(259, 70000))]
            )
            os.mknod(path, mode | 0o640, device)
            self.files.append(path)
        elif kind == 6 and len(path) < 100:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.close()
        else:
            self._file(path)

    def _file(self, path: bytes) -> None:
        with open(path, "wb") as file:
            if self.random.random() < 0.1:
                file.truncate(300_000)  # sparse
            file.write(self.random.randbytes(self.random.choice([0, 1, 511, 512, 513, 5000, 70_000])))
        self.files.append(path)

    def _dress(self, path: bytes) -> None:
        status = os.lstat(path)
        ids = [self.first_id + self.random.choice([0, 0, 1, 1000, 65534, 65535]) for _ in range(2)]
        os.chown(path, *ids, follow_symlinks=False)
        if not stat.S_ISLNK(status.st_mode):
            os.chmod(path, self.random.choice(MODES))
        if stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode):
            self._mark(path, stat.S_ISREG(status.st_mode))
        if self.random.random() < 0.3:
            os.setxattr(path, "trusted.overlay.origin", b"\0\xfb!", follow_symlinks=False)
        moment = self.random.choice([-5, 0, 1, 10**9 * 5 + 7, 10**18 + 123_456_789, 2 * 10**18])
        os.utime(path, ns=(1, moment), follow_symlinks=False)

    def _mark(self, path: bytes, is_file: bool) -> None:
        if self.random.random() < 0.3:
            os.setxattr(path, "user.note", self.random.randbytes(self.random.choice([0, 5, 900])))
        if is_file and self.random.random() < 0.2:
            root = self.first_id + self.random.choice([0, 0, 70]) if self.first_id else 0
            os.setxattr(path, "security.capability", capability(root))
        if not is_file and self.random.random() < 0.2:
            os.setxattr(path, "trusted.overlay.opaque", b"y")
