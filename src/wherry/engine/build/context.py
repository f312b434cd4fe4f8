"""The files of a build context, and what of them may be seen."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wherry.engine.build.cache import BuildCache
from wherry.engine.build.digests import FileDigests
from wherry.engine.build.mounts import hide_excluded
from wherry.engine.build.tree import Excluded, Tree


class Context:
    """A directory; use :func:`opened`. ``path`` is where it is. Thread safe once it is open."""

    def __init__(self, path: Path, tree: Tree, files: FileDigests, excluded: Excluded | None) -> None:
        self.path = path
        self.tree = tree
        self.files = files
        self._excluded = excluded
        self._hidden: list[str] | None = None

    def layers(self, scratch: Callable[[], Path]) -> list[Path]:
        """Directories, the topmost first, of which an overlay shows just what may be seen."""
        if self._excluded is None:
            return [self.path]
        if self._hidden is None:
            self._hidden = list(self._excluded_tops())
        if not self._hidden:
            return [self.path]
        cover = scratch()
        hide_excluded(cover, self._hidden)
        return [cover, self.path]

    def _excluded_tops(self) -> Iterator[str]:
        """What is excluded and not below something that is."""
        shown = {entry.path for entry in self.tree.walk("")}
        hidden = ""
        for entry in Tree(self.tree.fd).walk(""):
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
        tree = Tree(fd, excluded, root_mode=0o755)
        files = FileDigests(cache, Tree(fd, excluded), remember=not passing)
        yield Context(path, tree, files, excluded)
        files.save()
    finally:
        os.close(fd)
