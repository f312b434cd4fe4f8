"""An engine made of answers prepared by a test; it notes what it was asked."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from tests.unit.dockerapi.fake_registries import FakeBuilds, FakeRegistries
from tests.unit.dockerapi.fakefiles import FakeFiles
from wherry.dockerapi.services import Services
from wherry.engine.events import Event
from wherry.engine.images.model import HistoryEntry, Image
from wherry.engine.instance import Instance
from wherry.engine.networks.asked import Asked
from wherry.engine.networks.model import Addressing, Attached, Endpoint, Network
from wherry.kit.errors import Conflict, NotFound

Calls = list[tuple[Any, ...]]


@dataclass
class Result:
    """Anything with attributes."""

    id: str = "c" * 64
    warnings: Sequence[str] = ()
    status_code: int = 0
    error: str = ""
    ids: Sequence[str] = ()
    bytes: int = 0
    tty: bool = False
    running: bool = False


@dataclass
class ImagesPruned:
    """What an image prune removed."""

    deleted: Sequence[dict[str, str]]
    bytes: int


@dataclass
class FakeContainers:
    """One container ``c1``; everything else does not exist."""

    calls: Calls = field(default_factory=list)
    tty: bool = False
    running: bool = False
    create_error: Exception | None = None
    attach_error: Exception | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    lines: Sequence[Any] = ()
    _files: FakeFiles | None = None

    def _check(self, ref: str, *call: Any) -> None:
        if ref != "c1":
            raise NotFound(f"No such container: {ref}")
        self.calls.append(call)

    def list(self, **options: Any) -> Sequence[dict[str, Any]]:
        self.calls.append(("list", options))
        return [
            {"Id": "c1", "ImageID": "sha256:" + "1" * 64, "HostConfig": {"NetworkMode": "default", "Annotations": {}}}
        ]

    def inspect(self, ref: str, size: bool = False) -> dict[str, Any]:
        self._check(ref, "inspect", size)
        return {"Id": "c1", "Config": {}, "HostConfig": {}, "NetworkSettings": {"MacAddress": "02:42"}}

    async def create(self, name: str | None, config: Any, host: Any, networking: Any, platform: str | None) -> Result:
        self.calls.append(("create", name, config, host, networking, platform))
        if self.create_error is not None:
            raise self.create_error
        return Result(warnings=["careful"])

    async def start(self, ref: str, detach_keys: str | None = None) -> None:
        self._check(ref, "start", detach_keys)

    async def stop(self, ref: str, timeout: int | None = None, signal: str | None = None) -> None:
        self._check(ref, "stop", timeout, signal)

    async def kill(self, ref: str, signal: str) -> None:
        self._check(ref, "kill", signal)
        raise Conflict("cannot kill container: c1: container c1 is not running")

    async def resize(self, ref: str, height: int, width: int) -> None:
        self._check(ref, "resize", height, width)

    def wait(self, ref: str, condition: str) -> Awaitable[Result]:
        self._check(ref, "wait", condition)

        async def result() -> Result:
            await self.ended.wait()
            return Result(status_code=7)

        return result()

    async def remove(self, ref: str, *, force: bool, volumes: bool, link: bool) -> None:
        self._check(ref, "remove", force, volumes, link)

    async def connect(self, network: str, ref: str, settings: Any) -> None:
        self._check(ref, "connect", network, settings)

    async def disconnect(self, network: str, ref: str) -> None:
        self._check(ref, "disconnect", network)

    def attachable(self, ref: str) -> Result:
        self._check(ref, "attachable")
        return Result(id="c1", tty=self.tty)

    async def attach(self, ref: str, fd: int, **options: Any) -> None:
        self._check(ref, "attach", options)
        if self.attach_error is not None:
            os.close(fd)
            raise self.attach_error
        os.write(fd, b"output")
        os.close(fd)

    async def logs(self, ref: str, options: Any) -> AsyncIterator[Any]:
        self._check(ref, "logs", options)
        for line in self.lines:
            if isinstance(line, Exception):
                raise line
            yield line

    async def exec_create(self, ref: str, config: Any) -> str:
        self._check(ref, "exec_create", config)
        return "e1"

    def exec_attachable(self, exec_id: str) -> Result:
        if exec_id != "e1":
            raise NotFound(f"No such exec instance: {exec_id}")
        return Result(id="e1", tty=self.tty)

    async def exec_start(self, exec_id: str, fd: int | None, **options: Any) -> None:
        self.calls.append(("exec_start", exec_id, fd is None, options))
        if fd is None:
            return
        if self.attach_error is not None:
            os.close(fd)
            raise self.attach_error
        os.write(fd, b"output")
        os.close(fd)

    def exec_inspect(self, exec_id: str) -> dict[str, Any]:
        return {"ID": self.exec_attachable(exec_id).id, "ExitCode": 0}

    @property
    def files(self) -> FakeFiles:
        self._files = self._files or FakeFiles(self._check)
        return self._files

    async def commit(self, ref: str, wanted: Any) -> str:
        self._check(ref, "commit", wanted)
        return "sha256:new"

    def states(self) -> Sequence[str]:
        return ["running", "paused", "exited", "created", "restarting"]

    def image_users(self, image_id: str) -> Sequence[Any]:
        return []


@dataclass
class FakeEvents:
    """Events prepared by the test; then nothing happens any more."""

    events: Sequence[Event] = ()
    listener_count: int = 0

    async def subscribe(self, since: int | None, until: int | None) -> AsyncIterator[Event]:
        for event in self.events:
            yield event
        if until is None:
            await asyncio.Event().wait()


@dataclass
class FakeImages:
    """Images by name; archives are lists of chunks."""

    images: dict[str, Image] = field(default_factory=dict)
    calls: Calls = field(default_factory=list)
    error: Exception | None = None

    def count(self) -> int:
        return len(self.images)

    def layers_size(self) -> int:
        return 7

    def shared_bytes(self) -> Mapping[str, int]:
        return {image.id: 6 for image in self.images.values()}

    def owns_snapshot(self, chain_id: str) -> bool:
        return chain_id == "sha256:c"

    def get(self, name: str) -> Image:
        if name not in self.images:
            raise NotFound(f"No such image: {name}")
        return self.images[name]

    def list(self, filters: Any = None, everything: bool = False) -> Sequence[Image]:
        self.calls.append(("list", filters, everything))
        return [*self.images.values()]

    def history(self, name: str) -> Sequence[HistoryEntry]:
        return [HistoryEntry(self.get(name).id, 1, "CMD x", ("demo:1",), 3, "why")]

    def tag(self, source: str, repo: str, tag: str) -> None:
        self.calls.append(("tag", source, repo, tag))

    def remove(self, name: str, force: bool, prune: bool, in_use: Any) -> Sequence[dict[str, str]]:
        self.calls.append(("remove", name, force, prune))
        return [{"Untagged": name}]

    async def import_(self, chunks: AsyncIterator[bytes], *options: Any) -> Image:
        data = b"".join([chunk async for chunk in chunks])
        self.calls.append(("import", data, *options))
        if self.error is not None:
            raise self.error
        return self.images["demo:1"]

    async def load(self, chunks: AsyncIterator[bytes], platform: str = "") -> AsyncIterator[dict[str, Any]]:
        data = b"".join([chunk async for chunk in chunks])
        self.calls.append(("load", platform))
        yield {"status": "Loading layer", "id": "1"}
        yield {"stream": f"Loaded image: {data.decode()}\n"}
        if self.error is not None:
            raise self.error

    def prune(self, filters: Any, in_use: Any) -> ImagesPruned:
        self.calls.append(("prune", filters))
        return ImagesPruned([{"Deleted": "sha256:1"}], 11)

    def save(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        images = [self.get(name) for name in names]

        async def pieces() -> AsyncIterator[bytes]:
            for image in images:
                yield image.id.encode()

        return pieces()


@dataclass
class FakeVolume:
    """A volume that is its own document."""

    name: str
    usage: bool = False

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"Name": self.name}
        return {**document, "UsageData": {"Size": 5, "RefCount": 1}} if self.usage else document


@dataclass
class FakeVolumes:
    """One volume, ``data``."""

    calls: Calls = field(default_factory=list)

    def list(self, filters: Any, usage: bool = False) -> Sequence[FakeVolume]:
        self.calls.append(("list", filters))
        return [FakeVolume("data", usage)]

    def create(self, name: str, driver: str, labels: dict[str, str], opts: dict[str, str]) -> FakeVolume:
        self.calls.append(("create", name, driver, labels, opts))
        return FakeVolume(name or "random")

    def get(self, name: str) -> FakeVolume:
        if name != "data":
            raise NotFound(f"get {name}: no such volume")
        return FakeVolume(name)

    def remove(self, name: str, force: bool) -> None:
        self.calls.append(("remove", self.get(name).name, force))

    def prune(self, filters: Any) -> Result:
        self.calls.append(("prune", filters))
        return Result(ids=["old"], bytes=9)


@dataclass
@dataclass
class FakeNetworks:
    """The predefined networks; a container is on the bridge. ``made`` are those that are asked for."""

    made: list[Asked] = field(default_factory=list)

    def get(self, name_or_id: str) -> Network:
        if name_or_id != "bridge":
            raise NotFound(f"network {name_or_id} not found")
        addressing = Addressing(IPv4Network("172.17.0.0/16"), IPv4Address("172.17.0.1"))
        return Network("b" * 64, "bridge", "bridge", 1, addressing)

    def list(self, filters: Any = None) -> Sequence[Network]:
        return [self.get("bridge")]

    def attached(self, network: Network) -> Sequence[Attached]:
        endpoint = Endpoint(network.id, "bridge", "e" * 64, "172.17.0.2", 16, "172.17.0.1", "02:42:ac:11:00:02")
        return [Attached(endpoint, "c" * 64, "web")]

    def create(self, wanted: Asked) -> Network:
        self.made.append(wanted)
        return Network("d" * 64, wanted.name, wanted.driver, 1)

    def prune(self, filters: Any) -> Sequence[str]:
        return [one.name for one in self.made]

    def remove(self, name_or_id: str) -> None:
        raise Conflict(f"{self.get(name_or_id).name} is a pre-defined network and cannot be removed")


@dataclass
class Engine:
    """All parts; ``services`` is what the app is made from."""

    containers: FakeContainers = field(default_factory=FakeContainers)
    events: FakeEvents = field(default_factory=FakeEvents)
    images: FakeImages = field(default_factory=FakeImages)
    registries: FakeRegistries = field(default_factory=FakeRegistries)
    volumes: FakeVolumes = field(default_factory=FakeVolumes)
    networks: FakeNetworks = field(default_factory=FakeNetworks)

    @property
    def services(self) -> Services:
        containers: Any = self.containers  # has only what the tests ask for
        instance = Instance.at(Path("/nowhere"))
        builds: Any = FakeBuilds  # has only what the tests ask for
        return Services(
            instance=instance,
            containers=containers,
            images=self.images,
            registries=self.registries,
            networks=self.networks,
            volumes=self.volumes,
            events=self.events,
            builds=builds,
        )
