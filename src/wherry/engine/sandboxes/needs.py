"""What sandboxes need of others, as narrow as they need it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import Sandbox
from wherry.engine.sandboxes.model import PodSandbox, Wanted


class Made(Protocol):
    """A container half made ahead of time; :class:`wherry.engine.containers.pool.Made` is one."""

    sandbox: Sandbox
    ids: int
    endpoint: Endpoint | None


class Pool(Protocol):
    """Containers half made; :class:`wherry.engine.containers.pool.Pool` is one."""

    async def take(self, bridged: bool) -> Made:
        """One that has an endpoint on the default bridge if it is ``bridged``; its ids are the taker's."""
        ...


class Group(Protocol):
    """A cgroup; :class:`wherry.linux.cgroup.Cgroup` is one. Everything blocks, for milliseconds."""

    def create(self) -> None: ...
    def apply(self, resources: Mapping[str, Any]) -> None: ...
    def attach(self, pid: int) -> None: ...
    def pids(self) -> list[int]: ...
    def kill(self) -> None: ...
    def delete(self) -> None: ...


class Pins(Protocol):
    """Keeps namespaces by mounts; :class:`.pins.KernelPins` does. Everything but :meth:`is_whole` may block.

    Raises KernelError.
    """

    def make(self, sandbox: PodSandbox, wanted: Wanted, pid: int | None) -> None:
        """Pin the namespaces of a process (but for pid), or fresh ones of the host's user namespace; name and sysctls
        are set. Nothing is left of it when it fails."""
        ...

    def pin_processes(self, sandbox: PodSandbox, pid: int) -> None:
        """Pin the pid namespace of a process."""
        ...

    def write(self, sandbox: PodSandbox, texts: Mapping[str, str]) -> None:
        """Write the files of /etc."""
        ...

    def is_whole(self, sandbox: PodSandbox) -> bool:
        """Whether all its namespaces are pinned."""
        ...

    def path(self, sandbox: PodSandbox, kind: str) -> Path:
        """Where a namespace of it is pinned."""
        ...

    def open(self, sandbox: PodSandbox, kind: str) -> int:
        """A descriptor of a namespace of it, the caller's. KernelError ENOENT when it is gone."""
        ...

    def remove(self, sandbox_id: str) -> None:
        """Idempotent, also for what is half made."""
        ...

    def there(self) -> list[str]:
        """Ids of all that have something here."""
        ...

    def remove_all(self) -> None:
        """And the place where they are. Idempotent."""
        ...
