"""What a stack of layers means, said a second time and as naively as possible: an oracle for the extractor.

A layer is a list of :class:`Entry`. :class:`Layer` builds the tree that its entries describe, in memory, one after the
other; :func:`merged` lays one tree over another by the rules of image-spec layer.md; :func:`told` and :func:`seen`
describe such a tree and a real one in the same words. Nothing here knows overlayfs, openat2 or the tar format.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import tars

FOLDER, FILE, SYMLINK, HARDLINK, FIFO, CHARACTER, BLOCK = (
    "folder",
    "file",
    "symlink",
    "hardlink",
    "fifo",
    "char",
    "block",
)
KINDS = {
    FOLDER: tars.DIRECTORY,
    FILE: tars.REGULAR,
    SYMLINK: tars.SYMBOLIC_LINK,
    HARDLINK: tars.HARD_LINK,
    FIFO: tars.FIFO,
    CHARACTER: tars.CHARACTER,
    BLOCK: tars.BLOCK,
}
_WHITEOUT = "whiteout"
_LINKS = 40


class Refused(Exception):
    """No extractor may accept such a layer."""


@dataclass(frozen=True)
class Entry:
    """A whiteout is a file of that name. ``mtime`` is in seconds."""

    name: str
    kind: str = FILE
    link: str = ""
    data: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 1
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, str], ...] = ()

    def tar(self) -> bytes:
        return tars.entry(
            self.name, KINDS[self.kind], self.data, link=self.link, mode=self.mode, uid=self.uid, gid=self.gid,
            mtime=self.mtime, major=self.device[0], minor=self.device[1], xattrs=self.xattrs,
        )  # fmt: skip


@dataclass(eq=False)
class Node:
    """Something in a tree; hard links are one node under several names. ``mtime`` None: nobody said."""

    kind: str
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: int | None = None
    content: Any = None
    xattrs: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, "Node"] = field(default_factory=dict)
    opaque: bool = False

    def dress(self, entry: Entry) -> None:
        self.mode, self.uid, self.gid, self.mtime = entry.mode, entry.uid, entry.gid, entry.mtime
        kept = {name: value.encode() for name, value in entry.xattrs if name.startswith("user.")}
        self.xattrs.update(kept)

    def at(self, names: Sequence[str]) -> "Node | None":
        """What is at a path, no link followed."""
        node: Node | None = self
        for name in names:
            node = node.children.get(name) if node is not None else None
        return node


class Layer:
    """One layer, built over what the ones ``below`` show together."""

    def __init__(self, below: Node) -> None:
        self.root = Node(FOLDER)
        self._below = below

    def add(self, entry: Entry) -> None:
        """Raises Refused."""
        names = _clean(entry.name)
        if any(name.startswith(".wh..wh.") and name != ".wh..wh..opq" for name in names):
            return
        if any(name.startswith(".wh.") for name in names[:-1]):
            raise Refused("below a whiteout")
        if names and names[-1].startswith(".wh."):
            self._hide(self._directory(names[:-1]), names[-1])
        elif entry.kind == FOLDER:
            self._folder(names, entry)
        elif not names:
            raise Refused("the root")
        elif entry.kind == HARDLINK:
            self._hardlink(self._directory(names[:-1]), names[-1], entry)
        else:
            self._put(self._directory(names[:-1]), names[-1], _made(entry))

    def _directory(self, names: Sequence[str]) -> Node:
        """Walk from the root, through links, making what is missing."""
        real: list[str] = []
        pending = list(names)
        links = 0
        while pending:
            name = pending.pop(0)
            here = self.root.at(real)
            assert here is not None
            found = here.children.get(name)
            if name in ("", "."):
                continue
            if name == "..":
                real = real[:-1]
            elif found is not None and found.kind == SYMLINK:
                links += 1
                if links > _LINKS:
                    raise Refused("too many links")
                real = [] if found.content.startswith("/") else real
                pending = found.content.split("/") + pending
            else:
                real.append(name)
                if found is None or found.kind == _WHITEOUT:
                    here.children[name] = self._implied(real, hides=found is not None)
                elif found.kind != FOLDER:
                    raise Refused("a file on the way")
        directory = self.root.at(real)
        assert directory is not None
        return directory

    def _implied(self, names: Sequence[str], hides: bool) -> Node:
        """A directory nobody describes: as below, if it is there, unless this layer has hidden that."""
        if names[-1].startswith(".wh."):
            raise Refused("below a whiteout")
        below = None if hides else self._below.at(names)
        if below is None or below.kind != FOLDER:
            return Node(FOLDER, opaque=hides)
        return Node(FOLDER, below.mode, below.uid, below.gid, below.mtime)

    def _put(self, parent: Node, name: str, node: Node) -> None:
        if name in parent.children:
            _unlink(parent, name)
        parent.children[name] = node

    def _folder(self, names: Sequence[str], entry: Entry) -> None:
        if not names:
            self.root.dress(entry)
            return
        parent, name = self._directory(names[:-1]), names[-1]
        found = parent.children.get(name)
        if found is None or found.kind != FOLDER:
            self._put(parent, name, Node(FOLDER, opaque=found is not None))
        parent.children[name].dress(entry)

    def _hardlink(self, parent: Node, name: str, entry: Entry) -> None:
        target = _clean(entry.link)
        if not target or "/.wh." in "/" + entry.link:
            raise Refused("no target")
        source = self._existing(target[:-1])
        node = source.children.get(target[-1])
        if node is None or node.kind in (_WHITEOUT, FOLDER):
            raise Refused("nothing to link to")
        if source is parent and target[-1] == name:
            return
        if name in parent.children:
            _unlink(parent, name)
        if source.children.get(target[-1]) is not node:
            raise Refused("the target was replaced")
        parent.children[name] = node

    def _existing(self, names: Sequence[str]) -> Node:
        """As :meth:`_directory`, making nothing."""
        before = _count(self.root)
        directory = self._directory(names)
        if _count(self.root) != before:
            raise Refused("no such directory")
        return directory

    def _hide(self, parent: Node, mark: str) -> None:
        if mark == ".wh..wh..opq":
            parent.opaque = True
            return
        name = mark.removeprefix(".wh.")
        if name in ("", ".", ".."):
            raise Refused("a whiteout of nothing")
        found = parent.children.setdefault(name, Node(_WHITEOUT))
        if found.kind == FOLDER:
            found.opaque = True


def _clean(name: str) -> list[str]:
    names: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not names:
                raise Refused("leads outside")
            names.pop()
        elif part not in ("", "."):
            names.append(part)
    return names


def _made(entry: Entry) -> Node:
    content: Any = {FILE: entry.data, SYMLINK: entry.link, CHARACTER: entry.device, BLOCK: entry.device}.get(entry.kind)
    if entry.kind == SYMLINK and not entry.link:
        raise Refused("a link to nothing")
    kind = _WHITEOUT if entry.kind == CHARACTER and entry.device == (0, 0) else entry.kind
    node = Node(kind, content=content)
    node.dress(entry)
    if kind not in (FILE, FOLDER):
        node.xattrs.clear()  # user attributes are of files and directories (xattr(7))
    return node


def _unlink(parent: Node, name: str) -> None:
    """Take a name away, and everything that is below it, also from whoever still looks there."""
    node = parent.children.pop(name)
    if node.kind == FOLDER:
        for below in list(node.children):
            _unlink(node, below)


def _count(node: Node) -> int:
    return 1 + sum(_count(child) for child in node.children.values())


def merged(below: Node, layer: Node) -> Node:
    """The tree that ``layer`` over ``below`` shows. Neither is changed."""
    result = Node(layer.kind, layer.mode, layer.uid, layer.gid, layer.mtime, layer.content, layer.xattrs)
    if not layer.opaque:
        result.children.update(below.children)
    for name, node in layer.children.items():
        result.children.pop(name, None)
        if node.kind == FOLDER:
            old = below.children.get(name)
            visible = old is not None and old.kind == FOLDER and not layer.opaque
            result.children[name] = merged(old if visible and old is not None else Node(FOLDER), node)
        elif node.kind != _WHITEOUT:
            result.children[name] = node
    return result


def stacked(layers: Sequence[Sequence[Entry]]) -> Node:
    """What the layers, the lowest first, show together; raises Refused."""
    tree = Node(FOLDER)
    for entries in layers:
        layer = Layer(tree)
        for entry in entries:
            layer.add(entry)
        tree = merged(tree, layer.root)
    return tree


Told = dict[str, tuple[Any, ...]]
"""By path: kind, mode, owner, group, time in seconds (None: any), content, attributes, number of the file it is."""


def told(tree: Node) -> Told:
    found: Told = {}
    numbers: dict[int, int] = {}

    def walk(node: Node, path: str) -> None:
        for name in sorted(node.children):
            child = node.children[name]
            number = None if child.kind == FOLDER else numbers.setdefault(id(child), len(numbers))
            mode = 0o777 if child.kind == SYMLINK else child.mode
            found[path + name] = (
                child.kind, mode, child.uid, child.gid, child.mtime, child.content, child.xattrs, number,
            )  # fmt: skip
            walk(child, f"{path}{name}/")

    walk(tree, "")
    return found


def seen(root: Path) -> Told:
    """The same of a real directory. Names that are listed but not there are whiteouts that hide nothing."""
    found: Told = {}
    numbers: dict[int, int] = {}

    def walk(directory: Path, path: str) -> None:
        for name in sorted(os.listdir(directory)):
            try:
                status = os.lstat(directory / name)
            except FileNotFoundError:
                continue
            kind, content = _look(directory / name, status)
            number = None if kind == FOLDER else numbers.setdefault(status.st_ino, len(numbers))
            found[path + name] = (
                kind, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns // 1_000_000_000,
                content, dict(_attributes(directory / name)), number,
            )  # fmt: skip
            if kind == FOLDER:
                walk(directory / name, f"{path}{name}/")

    walk(root, "")
    return found


def _look(path: Path, status: os.stat_result) -> tuple[str, Any]:
    device = os.major(status.st_rdev), os.minor(status.st_rdev)
    match stat.S_IFMT(status.st_mode):
        case stat.S_IFDIR:
            return FOLDER, None
        case stat.S_IFREG:
            return FILE, path.read_bytes()
        case stat.S_IFLNK:
            return SYMLINK, os.readlink(path)
        case stat.S_IFCHR:
            return CHARACTER, device
        case stat.S_IFBLK:
            return BLOCK, device
    return FIFO, None


def _attributes(path: Path) -> Iterator[tuple[str, bytes]]:
    for name in os.listxattr(path, follow_symlinks=False):
        if not name.startswith("trusted.overlay."):
            yield name, os.getxattr(path, name, follow_symlinks=False)


def differences(expected: Told, found: Told) -> list[str]:
    """Empty when the trees are the same, where the first one says something."""
    lines = []
    for path in sorted(expected.keys() | found.keys()):
        one, two = expected.get(path), found.get(path)
        if one is not None and two is not None and one[4] is None:
            two = (*two[:4], None, *two[5:])
        if one != two:
            lines.append(f"{path}: expected {one}, found {two}")
    return lines
