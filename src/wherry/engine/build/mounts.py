"""``RUN --mount``: what of stages, contexts, caches, secrets and agents a step sees besides its own file system.

A bind from a stage or an image is an overlay of its layers, id-mapped like the step's own; from a context, of its
directory below one that hides what .dockerignore excludes. What is written to either is gone afterwards. A cache is a
named volume. A secret is a file in memory. None of these is part of the layer.
"""

import os
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from wherry.engine.containers.row import MountPoint
from wherry.kit.errors import Invalid
from wherry.linux import mount
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import openat2
from wherry.linux.overlay import Stack, assemble
from wherry.linux.privately import with_own_mounts

_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class BoundTree:
    """Directories (the topmost first) of which ``source`` is shown. ``writable``: in a layer that is thrown away."""

    destination: str
    layers: Sequence[Path]
    source: str = "/"
    writable: bool = False


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file of ``content`` that belongs to ``uid`` and ``gid`` of the step."""

    destination: str
    content: bytes
    uid: int = 0
    gid: int = 0
    mode: int = 0o400

    @property
    def point(self) -> MountPoint:
        """As one of the step's mounts."""
        return MountPoint(kind="tree", destination=self.destination, source="builder", options=["bind"])


@dataclass(frozen=True, slots=True)
class AgentSocket:
    """A socket that the builder relays to an agent. ``path`` is where the builder listens."""

    destination: str
    path: Path
    uid: int = 0
    gid: int = 0
    mode: int = 0o600

    @property
    def point(self) -> MountPoint:
        """As one of the step's mounts."""
        return MountPoint(kind="tree", destination=self.destination, source="builder", options=["bind"])


@dataclass(frozen=True, slots=True)
class Trees:
    """Makes the mounts of a step that have no path of their own. ``scratch`` is an empty directory of the builder's."""

    scratch: Path
    binds: Sequence[BoundTree] = field(default_factory=tuple)
    secrets: Sequence[SecretFile] = field(default_factory=tuple)
    sockets: Sequence[AgentSocket] = field(default_factory=tuple)

    def __bool__(self) -> bool:
        return bool(self.binds or self.secrets or self.sockets)

    def with_file(self, file: SecretFile) -> "Trees":
        return replace(self, secrets=(*self.secrets, file))

    def make(self, first_id: int, userns: int | None) -> dict[str, int]:
        """Destination → descriptor of a detached mount. See ``containers.starting.Ground``; blocks. Invalid."""
        made: dict[str, int] = {}
        try:
            for bind in self.binds:
                made[bind.destination] = self._bind(bind, first_id, userns)
            for secret in self.secrets:
                made[secret.destination] = self._secret(secret, first_id)
            for socket in self.sockets:
                os.chown(socket.path, first_id + socket.uid, first_id + socket.gid)
                os.chmod(socket.path, socket.mode)
                made[socket.destination] = mount.clone_tree(str(socket.path))
        except BaseException:
            for fd in made.values():
                os.close(fd)
            raise
        return made

    def _bind(self, bind: BoundTree, first_id: int, userns: int | None) -> int:
        stack = Stack([str(path) for path in bind.layers], userns=userns)
        if bind.writable:
            directory = self._directory("bind")
            for name in ("upper", "work"):
                (directory / name).mkdir()
                os.chown(directory / name, first_id, first_id)
            stack = Stack(stack.layers, str(directory / "upper"), str(directory / "work"), userns)
        return with_own_mounts(lambda: _part_of(stack, bind, str(self._directory("view"))))

    def _secret(self, secret: SecretFile, first_id: int) -> int:
        return with_own_mounts(lambda: _file_in_memory(secret, first_id, str(self._directory("secret"))))

    def _directory(self, prefix: str) -> Path:
        path = self.scratch / f"{prefix}-{secrets.token_hex(8)}"
        path.mkdir(mode=0o700)
        return path


def _part_of(stack: Stack, bind: BoundTree, scratch: str) -> int:
    """A copy of the mount of ``bind.source`` in the overlay; it keeps that alive when our own mounts end."""
    whole = assemble(stack, scratch)
    try:
        if bind.source.strip("/") in ("", "."):
            return _attributed(os.dup(whole), bind)
        mount.move_to_path(whole, scratch)
        root = os.open(scratch, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            part = openat2(root, bind.source, os.O_PATH)
        except KernelError as error:
            if error.errno in (2, 20):
                raise Invalid(f'failed to compute cache key: "/{bind.source.strip("/")}": not found') from error
            raise
        finally:
            os.close(root)
        try:
            return _attributed(mount.clone_tree("", part), bind)
        finally:
            os.close(part)
    finally:
        os.close(whole)


def _attributed(tree: int, bind: BoundTree) -> int:
    attributes = mount.ATTR_NODEV | mount.ATTR_NOSUID | (0 if bind.writable else mount.ATTR_RDONLY)
    mount.set_attributes(tree, add=attributes, path=bind.destination)
    return tree


def _file_in_memory(secret: SecretFile, first_id: int, scratch: str) -> int:
    file_system = mount.create("tmpfs", [("mode", "700"), ("size", str(len(secret.content) + (64 << 10)))])
    try:
        mount.move_to_path(file_system, scratch)
        fd = os.open("secret", _FILE, 0o600, dir_fd=file_system)
        with os.fdopen(fd, "wb") as file:
            file.write(secret.content)
            file.flush()
            os.fchown(fd, first_id + secret.uid, first_id + secret.gid)
            os.fchmod(fd, secret.mode)
        tree = mount.clone_tree(f"{scratch}/secret")
        is_program = bool(secret.mode & 0o111)
        mount.set_attributes(tree, add=mount.ATTR_NODEV | mount.ATTR_NOSUID | (0 if is_program else mount.ATTR_NOEXEC))
        return tree
    finally:
        os.close(file_system)


def hide_excluded(directory: Path, excluded: Sequence[str], status: Callable[[str], os.stat_result]) -> None:
    """Make in ``directory`` an overlay layer that hides each of the paths (relative, parents before children).

    A directory in which something is hidden is in the layer too, and looks as ``status`` says of its path.
    """
    made: dict[Path, os.stat_result] = {}
    for path in excluded:
        place = directory / path
        for parent in reversed(place.relative_to(directory).parents[:-1]):
            if directory / parent not in made:
                made[directory / parent] = status(str(parent))
                (directory / parent).mkdir()
        os.mknod(place, 0o020000, 0)  # a whiteout: character device 0/0 (filesystems/overlayfs.rst)
    for parent, found in reversed(made.items()):
        os.chown(parent, found.st_uid, found.st_gid)
        os.chmod(parent, stat.S_IMODE(found.st_mode))
        os.utime(parent, ns=(found.st_mtime_ns, found.st_mtime_ns))
