"""The files of a build context, and what of them may be seen."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wherry.engine.build.cache import BuildCache
from wherry.engine.build.digests import FileDigests
from wherry.engine.build.mounts import hide_excluded
from wherry.engine.build.tree import Excluded, Tree
from wherry.kit.errors import Invalid


class Context:
    """A directory; use :func:`opened`. ``path`` is where it is, ``fd`` open. Thread safe."""

    def __init__(self, path: Path, fd: int, files: FileDigests, excluded: Excluded | None) -> None:
        self.path = path
        self.files = files
        self._fd = fd
        self._excluded = excluded
        self._hidden: list[str] | None = None

    def tree(self) -> Tree:
        """What may be seen of it; a tree of the caller's own, so that what changes is noticed for each step apart."""
        return Tree(self._fd, self._excluded, root_mode=0o755)

    def layers(self, scratch: Callable[[], Path]) -> list[Path]:
        """Directories, the topmost first, of which an overlay shows just what may be seen."""
        if self._excluded is None:
            return [self.path]
        if self._hidden is None:
            self._hidden = list(self._excluded_tops())
        if not self._hidden:
            return [self.path]
        cover = scratch()
        hide_excluded(cover, self._hidden, self._status)
        return [cover, self.path]

    def _status(self, path: str) -> os.stat_result:
        """Of a directory, whether it may be seen or not."""
        found = Tree(self._fd).find(path)
        if found is None:
            raise Invalid(f"{path} changed while it was read")
        return found.status

    def _excluded_tops(self) -> Iterator[str]:
        """What is excluded and not below something that is."""
        shown = {entry.path for entry in self.tree().walk("")}
        hidden = ""
        for entry in Tree(self._fd).walk(""):
            if hidden and entry.path.startswith(hidden):
                continue
            if entry.path not in shown:
                hidden = entry.path + "/"
                yield entry.path


@contextmanager
def opened(path: Path, cache: BuildCache, excluded: Excluded | None, passing: bool) -> Iterator[Context]:
    """The context at ``path``. ``passing``: it is not there the next time, so nothing of it is remembered."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        files = FileDigests(cache, Tree(fd, excluded), remember=not passing)
        yield Context(path, fd, files, excluded)
        files.save()
    finally:
        os.close(fd)
