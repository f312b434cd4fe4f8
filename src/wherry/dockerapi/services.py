"""What the API asks of the engine: narrow Protocols, and the bundle that the app is made from.

References to containers are an id, the beginning of one, or a name. Documents (``dict[str, Any]``) are Docker's own
JSON in the form of the newest API version; everything else is typed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from wherry.engine.build.cache import Record
from wherry.engine.containers.asked import Commit, Extraction
from wherry.engine.containers.logs import LogLine, LogOptions
from wherry.engine.containers.model import (
    Config,
    EndpointSettings,
    ExecConfig,
    HostConfig,
    NetworkingConfig,
    UpdateConfig,
)
from wherry.engine.distribution.model import Credentials, Found, Inspected, Login
from wherry.engine.events import Event
from wherry.engine.images.model import HistoryEntry, Image, ImageUse
from wherry.engine.instance import Instance
from wherry.engine.networks.asked import Asked
from wherry.engine.networks.model import Attached, Network
from wherry.oci.reference import Reference

if TYPE_CHECKING:
    from wherry.dockerapi.building import BuildEngine

Document = dict[str, Any]
Filters = Mapping[str, list[str]]


class Created(Protocol):
    """A new container and what its maker should know."""

    @property
    def id(self) -> str: ...
    @property
    def warnings(self) -> Sequence[str]: ...


class WaitResult(Protocol):
    """How a container ended."""

    @property
    def status_code(self) -> int: ...
    @property
    def error(self) -> str: ...


class Pruned(Protocol):
    """What a prune removed."""

    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def bytes(self) -> int: ...


class Attachable(Protocol):
    """Whose streams a client asks for."""

    @property
    def id(self) -> str: ...
    @property
    def tty(self) -> bool: ...


class AttachTarget(Attachable, Protocol):
    """A container that a client attaches to."""

    @property
    def running(self) -> bool: ...


class ContainerEngine(Protocol):
    """Containers, without their streams."""

    def list(self, *, all: bool, limit: int, size: bool, filters: Filters) -> Sequence[Document]: ...
    def inspect(self, ref: str, size: bool = False) -> Document: ...
    async def create(
        self,
        name: str | None,
        config: Config,
        host: HostConfig,
        networking: NetworkingConfig | None,
        platform: str | None,
    ) -> Created: ...
    async def start(self, ref: str, detach_keys: str | None = None) -> None: ...
    async def stop(self, ref: str, timeout: int | None = None, signal: str | None = None) -> None: ...
    async def restart(self, ref: str, timeout: int | None = None, signal: str | None = None) -> None: ...
    async def kill(self, ref: str, signal: str) -> None: ...
    async def pause(self, ref: str) -> None: ...
    async def unpause(self, ref: str) -> None: ...
    async def rename(self, ref: str, name: str) -> None: ...
    async def resize(self, ref: str, height: int, width: int) -> None: ...
    async def update(self, ref: str, update: UpdateConfig) -> Sequence[str]: ...
    def wait(self, ref: str, condition: str) -> Awaitable[WaitResult]:
        """Registers before it returns; awaiting the result may come later."""
        ...

    async def remove(self, ref: str, *, force: bool, volumes: bool, link: bool) -> None: ...
    async def prune(self, filters: Filters) -> Pruned: ...
    async def top(self, ref: str, ps_args: str) -> Document: ...
    async def stats(self, ref: str, *, one_shot: bool) -> Document: ...
    def stats_stream(self, ref: str) -> AsyncIterator[Document]: ...


class AttachEngine(Protocol):
    """Clients on a container's streams."""

    def attachable(self, ref: str) -> AttachTarget:
        """Raises NotFound, and Conflict for a paused or restarting container."""
        ...

    async def attach(
        self,
        ref: str,
        fd: int,
        *,
        stdin: bool,
        stdout: bool,
        stderr: bool,
        logs: bool,
        stream: bool,
        early: bytes,
        detach_keys: str | None,
    ) -> None: ...


class LogEngine(Protocol):
    """Containers' logs."""

    def attachable(self, ref: str) -> Attachable: ...
    def logs(self, ref: str, options: LogOptions) -> AsyncIterator[LogLine]: ...


class ExecEngine(Protocol):
    """Execs."""

    async def exec_create(self, ref: str, config: ExecConfig) -> str: ...
    def exec_attachable(self, exec_id: str) -> Attachable:
        """Raises NotFound, and Conflict when it has run or its container does not run."""
        ...

    async def exec_start(
        self,
        exec_id: str,
        fd: int | None,
        *,
        early: bytes = b"",
        size: tuple[int, int] | None = None,
        framed: bool | None = None,
    ) -> None: ...
    async def exec_resize(self, exec_id: str, height: int, width: int) -> None: ...
    def exec_inspect(self, exec_id: str) -> Document: ...


class PathStat(Protocol):
    """What a path in a container names; ``mode`` is Go's io/fs.FileMode."""

    @property
    def name(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def mode(self) -> int: ...
    @property
    def modified_nanoseconds(self) -> int: ...
    @property
    def link_target(self) -> str: ...


class Change(Protocol):
    """``kind``: 0 modified, 1 added, 2 deleted."""

    @property
    def path(self) -> str: ...
    @property
    def kind(self) -> int: ...


class FileEngine(Protocol):
    """Containers' files. Archives are to be read inside their blocks."""

    async def stat(self, ref: str, path: str) -> PathStat: ...
    def archive(self, ref: str, path: str) -> AbstractAsyncContextManager[tuple[PathStat, AsyncIterator[bytes]]]: ...
    async def extract(self, ref: str, wanted: Extraction, chunks: AsyncIterator[bytes]) -> None: ...
    async def changes(self, ref: str) -> Sequence[Change]: ...
    def export(self, ref: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...


class FileEngines(Protocol):
    """Where the files are found: loaded when somebody asks for them."""

    @property
    def files(self) -> FileEngine: ...
    async def commit(self, ref: str, wanted: Commit) -> str:
        """An image of a container's files and configuration; its id."""
        ...


class ContainerCounter(Protocol):
    """The states of all containers (running, exited …), for ``docker info``."""

    def states(self) -> Iterable[str]: ...


class ImageUsers(Protocol):
    """Which containers are made from an image."""

    def image_users(self, image_id: str) -> Sequence[ImageUse]: ...


class NetworkMembers(Protocol):
    """Containers, put on networks and taken off."""

    async def connect(self, network: str, ref: str, settings: EndpointSettings) -> None: ...
    async def disconnect(self, network: str, ref: str) -> None: ...


class Containers(
    ContainerEngine,
    NetworkMembers,
    AttachEngine,
    LogEngine,
    ExecEngine,
    FileEngines,
    ContainerCounter,
    ImageUsers,
    Protocol,
):
    """All that is asked of containers."""


class ImageCounter(Protocol):
    """The number of images, for ``docker info``."""

    def count(self) -> int: ...


class ImagePruned(Protocol):
    """What an image prune removed, in Docker's form."""

    @property
    def deleted(self) -> Sequence[dict[str, str]]: ...
    @property
    def bytes(self) -> int: ...


class ImageEngine(ImageCounter, Protocol):
    """Images. ``in_use`` tells which containers are made from an image id."""

    def get(self, name: str) -> Image: ...
    def list(self, filters: Filters | None = None, everything: bool = False) -> Sequence[Image]: ...
    def history(self, name: str) -> Sequence[HistoryEntry]: ...
    def tag(self, source: str, repo: str, tag: str) -> None: ...
    def remove(
        self, name: str, force: bool, prune: bool, in_use: Callable[[str], Sequence[ImageUse]]
    ) -> Sequence[dict[str, str]]: ...
    def prune(self, filters: Filters, in_use: Callable[[str], Sequence[ImageUse]]) -> ImagePruned: ...
    def layers_size(self) -> int: ...
    def shared_bytes(self) -> Mapping[str, int]: ...
    def owns_snapshot(self, chain_id: str) -> bool: ...
    async def import_(
        self,
        chunks: AsyncIterator[bytes],
        repository: str = "",
        tag: str = "",
        changes: Sequence[str] = (),
        message: str = "",
        platform: str = "",
    ) -> Image: ...
    def load(self, chunks: AsyncIterator[bytes], platform: str = "") -> AsyncIterator[Document]: ...
    def save(self, names: Sequence[str]) -> AsyncIterator[bytes]: ...


class RegistryConfig(Protocol):
    """Which servers stand for registries, for ``docker info``."""

    def document(self) -> Document: ...


class RegistryClient(Protocol):
    """Images from and to registries. The iterators yield Docker's messages."""

    @property
    def endpoints(self) -> RegistryConfig: ...
    def pull(self, reference: Reference, platform: str, credentials: Credentials) -> AsyncIterator[Document]: ...
    def push(self, reference: Reference, credentials: Credentials) -> AsyncIterator[Document]: ...
    async def login(self, server: str, credentials: Credentials) -> Login: ...
    async def inspect(self, reference: Reference, credentials: Credentials) -> Inspected: ...
    async def search(self, term: str, limit: int, filters: Filters) -> Sequence[Found]: ...


class Volume(Protocol):
    """A volume that can tell about itself in Docker's form."""

    def document(self) -> Document: ...


class VolumeEngine(Protocol):
    """Volumes."""

    def list(self, filters: Filters, usage: bool = False) -> Sequence[Volume]: ...
    def create(self, name: str, driver: str, labels: dict[str, str], opts: dict[str, str]) -> Volume: ...
    def get(self, name: str) -> Volume: ...
    def remove(self, name: str, force: bool) -> None: ...
    def prune(self, filters: Filters) -> Pruned: ...


class NetworkEngine(Protocol):
    """Networks."""

    def get(self, name_or_id: str) -> Network: ...
    def list(self, filters: Filters | None = None) -> Sequence[Network]: ...
    def attached(self, network: Network) -> Sequence[Attached]: ...
    def create(self, wanted: Asked) -> Network: ...
    def remove(self, name_or_id: str) -> None: ...
    def prune(self, filters: Filters) -> Sequence[str]: ...


class ListenerCounter(Protocol):
    """How many follow the events, for ``docker info``."""

    @property
    def listener_count(self) -> int: ...


class EventSource(ListenerCounter, Protocol):
    """What happened: kept events from ``since`` on, then, without ``until``, all that come."""

    def subscribe(self, since_nanoseconds: int | None, until_nanoseconds: int | None) -> AsyncIterator[Event]: ...


class Builder(Protocol):
    """The builder, loaded when it is called, and what its cache holds."""

    def __call__(self) -> "BuildEngine": ...
    def usage(self) -> Sequence[Record]: ...


class Services(msgspec.Struct, frozen=True):
    """The engine, as the API needs it."""

    instance: Instance
    containers: Containers
    images: ImageEngine
    registries: RegistryClient
    networks: NetworkEngine
    volumes: VolumeEngine
    events: EventSource
    builds: Builder
