"""What containers need of others, as narrow as they need it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from wherry.engine.images.model import Image, ImageUse
from wherry.engine.snapshots.model import Diff, Sink
from wherry.linux.cgroup import Cgroup, Layout, Stats, layout

if TYPE_CHECKING:
    from wherry.engine.images.committer import Commitment


class ImageSource(Protocol):
    """The images of this machine; :class:`wherry.engine.images.Images` is one."""

    def get(self, name: str) -> Image:
        """By name, id or beginning of an id; NotFound, Invalid."""
        ...

    def held(self, image: str) -> Image:
        """By id, even when it was removed by force since."""
        ...

    def collect(self, in_use: Callable[[str], Sequence[ImageUse]]) -> None:
        """A container was removed: let go of images that only it needed."""
        ...

    async def commit(self, base: str, write: Callable[[Sink], Diff], wanted: "Commitment") -> Image:
        """An image of the one with the id ``base`` and the layer that ``write(sink)`` writes; Invalid."""
        ...


class Group(Protocol):
    """A container's cgroup; :class:`wherry.linux.cgroup.Cgroup` is one."""

    def create(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...
    def apply(self, resources: Mapping[str, Any]) -> None: ...
    def attach(self, pid: int) -> None: ...
    def pids(self) -> list[int]: ...
    def stats(self) -> Stats: ...
    def kill(self) -> None: ...
    def delete(self) -> None: ...


def real_group(path: str) -> Group:
    """The kernel's cgroup of that path."""
    return Cgroup.at(path, _hierarchies())


@cache
def _hierarchies() -> Layout:
    """They stay what they are. With a hundred pods, finding them takes reading a thousand mounts: 5 ms."""
    return layout()
