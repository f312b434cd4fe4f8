"""Which files a COPY copies, and to which places: no file is written here, and none is read but to be found.

The rules are those of BuildKit's dockerfile frontend (dispatchCopy) and of fsutil's copy: a directory stands for its
contents, also where a wildcard found it; a link given as a source is followed inside the tree, a link below a source is
copied as a link.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wherry.engine.build.globs import is_wild, matches
from wherry.engine.build.tree import Entry, Excluded, Tree
from wherry.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class Item:
    """One file to copy. ``place`` is relative to the destination.

    ``into`` is for a single file that was named as such: it goes to the destination itself, or into it when that is a
    directory. ``top``: the directory whose contents are copied; the destination stands for it, with its own attributes
    when it is there already.
    """

    entry: Entry
    place: str
    into: bool = False
    top: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """``excluded`` is asked with a path relative to the source that it was found in (``--exclude``)."""

    sources: Sequence[str]
    parents: bool = False
    excluded: Excluded | None = None


def select(tree: Tree, request: Request) -> list[Item]:
    """Everything to copy, sources in their order, each from the top down.

    NotFound names a source that is not there; wildcards may match nothing, as long as something is copied.
    """
    items: list[Item] = []
    for source in request.sources:
        found = list(_sources(tree, source))
        if not found and not is_wild(source):
            raise NotFound(_missing(source))
        for path in found:
            items += _items(tree, path, source, request)
    if not items:
        raise NotFound(_missing(request.sources[0]))
    return items


def _missing(source: str) -> str:
    if is_wild(source):
        return f"no files matched {source!r}: not found in the build context"
    return f'failed to compute cache key: "/{source.strip("/")}": not found'


def _sources(tree: Tree, source: str) -> Iterator[str]:
    """The paths that a source means: itself, or what its wildcards match, by name."""
    clean = _clean(source)
    if not is_wild(clean):
        if tree.find(clean) is not None:
            yield clean
        return
    yield from _matching(tree, clean.split("/"), "")


def _matching(tree: Tree, pattern: Sequence[str], base: str) -> Iterator[str]:
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        if rest:
            yield from _matching(tree, rest, base)
        for entry in _children(tree, base):
            if entry.is_directory:
                yield from _matching(tree, pattern, entry.path)
            elif not rest:
                yield entry.path
        return
    if not is_wild(head):
        path = f"{base}/{head}" if base else head
        if tree.find(path) is not None:
            yield from _matching(tree, rest, path) if rest else (path,)
        return
    for entry in _children(tree, base):
        if matches(head, entry.name):
            yield from _matching(tree, rest, entry.path) if rest else (entry.path,)


def _children(tree: Tree, base: str) -> list[Entry]:
    above = tree.find(base)
    if above is None or not above.is_directory:
        return []
    depth = above.path.count("/") + 1 if above.path else 0
    return [entry for entry in tree.walk(above.path) if entry.path.count("/") == depth]


def _clean(source: str) -> str:
    """Without what means nothing, and never above the root."""
    parts: list[str] = []
    for part in source.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _items(tree: Tree, path: str, source: str, request: Request) -> Iterator[Item]:
    top = tree.find(path)
    if top is None:
        raise NotFound(_missing(source))
    prefix = ""
    if request.parents:
        prefix = _below_pivot(path, source)
        yield from _parents(tree, path, prefix)
    if not top.is_directory:
        name = prefix or path.rpartition("/")[2]
        if request.excluded is None or not request.excluded.ignores(path.rpartition("/")[2]):
            yield Item(top, name, into=not request.parents)
        return
    yield Item(top, prefix, top=not request.parents)
    start = len(top.path) + 1 if top.path else 0
    yield from _contents(tree.walk(top.path), start, f"{prefix}/" if prefix else "", request)


def _contents(entries: Iterable[Entry], start: int, prefix: str, request: Request) -> Iterator[Item]:
    for entry in entries:
        inside = entry.path[start:]
        if request.excluded is None or not request.excluded.ignores(inside):
            yield Item(entry, prefix + inside)


def _below_pivot(path: str, source: str) -> str:
    """The part of a path that ``--parents`` keeps: what is behind ``/./`` in the source, else all of it."""
    before, pivot, _ = source.partition("/./")
    if not pivot:
        return path
    depth = len([part for part in _clean(before).split("/") if part])
    return "/".join(path.split("/")[depth:])


def _parents(tree: Tree, path: str, kept: str) -> Iterator[Item]:
    parts = kept.split("/")
    base = path[: len(path) - len(kept)]
    for count in range(1, len(parts)):
        place = "/".join(parts[:count])
        entry = tree.find(base + place)
        if entry is not None and entry.is_directory:
            yield Item(entry, place)
