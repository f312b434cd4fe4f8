"""Mounts that are opened at the start, and given to the runtime as descriptors: parts of volumes, files of images.

A part of a volume (Kubernetes' subPath) is named by whoever may write to the volume, with symbolic links that somebody
may exchange at any moment: it is looked up once, by the kernel, beneath the volume's root, and what is mounted is what
was found (CVE-2017-1002101, CVE-2021-25741).
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterable, Sequence
from errno import EEXIST, ELOOP, ENOENT, ENOTDIR, EXDEV
from pathlib import Path

from wherry.engine.containers.row import MountPoint
from wherry.kit.errors import Invalid
from wherry.linux import mount
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS, openat2
from wherry.linux.overlay import Stack, assemble
from wherry.linux.privately import with_own_mounts

_BENEATH = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
Layers = Callable[[str], Sequence[Path]]
"""Directories of an image's layers, the topmost first, by its id."""


class TreeMaker:
    """Opens those of ``points`` that need it. ``tmp`` is a directory of the engine's.

    Called with the host's id of the container's root and a descriptor of its user namespace (see
    ``starting.Ground.trees``); blocks. Raises Invalid for a part that leads out of its volume.
    """

    def __init__(self, points: Iterable[MountPoint], layers: Layers, tmp: Path) -> None:
        self._points = [point for point in points if point.subpath or point.kind == "image"]
        self._layers = layers
        self._tmp = tmp

    def __bool__(self) -> bool:
        return bool(self._points)

    def __call__(self, first_id: int, userns: int | None) -> dict[str, int]:
        made: dict[str, int] = {}
        try:
            for point in self._points:
                made[point.destination] = self._image(point, userns) if point.kind == "image" else part_of(point)
        except BaseException:
            for fd in made.values():
                os.close(fd)
            raise
        return made

    def _image(self, point: MountPoint, userns: int | None) -> int:
        stack = Stack([str(path) for path in self._layers(point.source)], userns=userns)
        scratch = self._tmp / f"image-{secrets.token_hex(16)}"
        scratch.mkdir(mode=0o700)
        try:
            return with_own_mounts(lambda: _shown(stack, point, str(scratch)))
        finally:
            scratch.rmdir()


def part_of(point: MountPoint) -> int:
    """A detached copy of the mount of ``point.subpath`` in ``point.source``. In a directory of the machine (a pod's
    volume), one that is missing is made; in a volume of Docker's it must be there."""
    try:
        root = os.open(point.source, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Invalid(f"failed to prepare subPath {point.subpath!r}: {point.source}: {error.strerror}") from error
    try:
        is_volume = point.kind == "volume"
        part = (
            openat2(root, point.subpath, os.O_PATH, resolve=_BENEATH)
            if is_volume
            else open_beneath(root, point.subpath)
        )
        try:
            return mount.clone_tree("", part, recursive="rbind" in point.options)
        finally:
            os.close(part)
    except KernelError as error:
        if error.errno in (EXDEV, ELOOP):
            raise Invalid(f"failed to prepare subPath {point.subpath!r}: it leads out of its volume") from error
        if error.errno == ENOENT:  # moby's words, daemon/volume/mounts
            raise Invalid(f"cannot access path {point.source}/{point.subpath}: no such file or directory") from error
        raise Invalid(f"failed to prepare subPath {point.subpath!r}: {error}") from error
    finally:
        os.close(root)


def open_beneath(root: int, path: str) -> int:
    """A descriptor (O_PATH) of what is at ``path``, which no link in it leads out of ``root``.

    What is missing is made: directories with the mode of the root. KernelError EXDEV or ELOOP where it leads out.
    """
    names = [name for name in path.split("/") if name not in ("", ".")]
    if path.startswith("/") or ".." in names:
        raise KernelError(EXDEV, "open", path)
    whole = "/".join(names) or "."
    try:
        return openat2(root, whole, os.O_PATH, resolve=_BENEATH)
    except KernelError as error:
        if error.errno != ENOENT:
            raise
    for count in range(1, len(names) + 1):
        _make(root, names[:count])
    return openat2(root, whole, os.O_PATH, resolve=_BENEATH)


def _make(root: int, names: Sequence[str]) -> None:
    """One directory, in a parent that is there."""
    parent = openat2(root, "/".join(names[:-1]) or ".", os.O_PATH | os.O_DIRECTORY, resolve=_BENEATH)
    try:
        os.mkdir(names[-1], 0o700, dir_fd=parent)
        made = os.open(names[-1], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            os.fchmod(made, stat.S_IMODE(os.stat(root).st_mode))
        finally:
            os.close(made)
    except FileExistsError:
        pass  # a directory; anything else is met when it is to be opened
    except OSError as error:
        if error.errno not in (EEXIST, ENOTDIR, ELOOP):
            raise KernelError(error.errno or 0, "make directory", "/".join(names)) from error
    finally:
        os.close(parent)


def _shown(stack: Stack, point: MountPoint, scratch: str) -> int:
    """Of an image's files what is asked for, read only; its devices and set-id programs are mere files."""
    whole = assemble(stack, scratch)
    try:
        if not point.subpath:
            return _closed(os.dup(whole), point)
        mount.move_to_path(whole, scratch)
        root = os.open(scratch, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            part = openat2(root, point.subpath, os.O_PATH, resolve=_BENEATH)
        except KernelError as error:
            raise Invalid(f"failed to prepare subPath {point.subpath!r} of an image: {error}") from error
        finally:
            os.close(root)
        try:
            return _closed(mount.clone_tree("", part), point)
        finally:
            os.close(part)
    finally:
        os.close(whole)


def _closed(tree: int, point: MountPoint) -> int:
    attributes = mount.ATTR_RDONLY | mount.ATTR_NODEV | mount.ATTR_NOSUID
    mount.set_attributes(tree, add=attributes, path=point.destination)
    return tree
