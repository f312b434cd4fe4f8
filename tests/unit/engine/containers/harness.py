"""Containers on machines of imagination: a runtime in memory, networks on an imagined kernel, a real directory."""

import asyncio
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wherry.engine.containers import Containers, Rules
from wherry.engine.containers.model import Config, HostConfig, NetworkingConfig
from wherry.engine.containers.needs import Group
from wherry.engine.database import Database
from wherry.engine.events import Event, Events
from wherry.engine.images.committer import Commitment
from wherry.engine.images.model import Image, ImageUse
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks
from wherry.engine.networks.fake import FakePlumbing
from wherry.engine.networks.model import Publication
from wherry.engine.networks.networks import Surroundings
from wherry.engine.networks.ports import Held
from wherry.engine.runtime.fake import FakeMachine, FakeRuntime, FakeTask
from wherry.engine.sandboxes.fake import FakePins
from wherry.engine.snapshots.model import CommitOptions, Diff, Guise, Sink
from wherry.engine.volumes import Volumes
from wherry.kit.errors import NotFound
from wherry.linux.cgroup import Stats
from wherry.linux.cgroup.stats import BlockStats, CpuStats, MemoryStats, PidsStats
from wherry.oci.model import ContainerConfig, ImageConfig

IMAGE_ID = "sha256:" + "1" * 64


def image(reference: str = "demo:1", number: int = 1, **config: Any) -> Image:
    """An image of one layer whose configuration has ``config``."""
    name = "sha256:" + str(number) * 64
    return Image(
        id=name,
        config=ImageConfig(architecture="amd64", os="linux", config=ContainerConfig(**config)),
        config_bytes=b"{}",
        manifest=name,
        manifest_type="",
        diff_ids=(name,),
        chain_ids=(name,),
        layers=(name,),
        layer_sizes_bytes=(5,),
        size_bytes=5,
        created="",
        created_nanoseconds=0,
        repo_tags=(reference,),
        repo_digests=(),
        parent="",
        last_tagged_nanoseconds=0,
    )


class FakeImages:
    """Images by name and id."""

    def __init__(self, *images: Image) -> None:
        self.images = {one.id: one for one in images}
        self.commits: list[tuple[str, bytes, Commitment]] = []
        self.fail_commit: Exception | None = None

    def get(self, name: str) -> Image:
        for one in self.images.values():
            if name == one.id or name in one.repo_tags:
                return one
        raise NotFound(f"No such image: {name}")

    def held(self, image: str) -> Image:
        return self.images[image]

    def collect(self, in_use: Callable[[str], Sequence[ImageUse]]) -> None:
        pass

    async def commit(self, base: str, write: Callable[[Sink], Diff], wanted: Commitment) -> Image:
        """Remembers what it was asked for, and what was written."""
        if self.fail_commit is not None:
            raise self.fail_commit
        sink = io.BytesIO()
        write(sink)
        self.commits.append((base, sink.getvalue(), wanted))
        return self.images[base]


class FakeSnapshots:
    """Directories without content."""

    def layers(self, chain_ids: list[str]) -> list[Path]:
        return [Path("/layers") / one for one in reversed(chain_ids)]

    def prepare(self, directory: Path, owner: int) -> tuple[Path, Path]:
        upper, work = directory / "upper", directory / "work"
        for path in (upper, work):
            path.mkdir(exist_ok=True)
        return upper, work

    @contextmanager
    def view(
        self,
        chain_ids: list[str],
        upper: Path | None = None,
        work: Path | None = None,
        guise: Guise | None = None,
        volatile: bool = False,
    ) -> Iterator[int]:
        """What was written, without what is below and what else is mounted."""
        with tempfile.TemporaryDirectory() as empty:
            fd = os.open(upper or empty, os.O_RDONLY | os.O_DIRECTORY)
            try:
                yield fd
            finally:
                os.close(fd)

    def diff(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions) -> Diff:
        """The names in it."""
        data = " ".join(sorted(os.listdir(upper))).encode()
        sink.write(data)
        return Diff("sha256:" + hashlib.sha256(data).hexdigest(), 0, len(data.split()))


class FakeGroup:
    """A cgroup that remembers what was done to it."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.fail: Exception | None = None

    def create(self) -> None:
        self.calls.append("create")

    def attach(self, pid: int) -> None:
        self.calls.append(f"attach {pid}")

    def kill(self) -> None:
        self.calls.append("kill")

    def delete(self) -> None:
        self.calls.append("delete")

    def freeze(self) -> None:
        self.calls.append("freeze")

    def thaw(self) -> None:
        self.calls.append("thaw")

    def apply(self, resources: Mapping[str, Any]) -> None:
        if self.fail is not None:
            raise self.fail
        self.calls.append(resources)

    def pids(self) -> list[int]:
        return [os.getpid()]

    def stats(self) -> Stats:
        return Stats(2, MemoryStats(usage_bytes=4096), CpuStats(7), PidsStats(1), BlockStats())


class Machine:
    """What outlives a daemon: tasks, the disk, the kernel's networks. ``up`` starts a daemon on it."""

    def __init__(self, root: Path, *images: Image, rules: Rules = Rules(warm=0)) -> None:  # noqa: B008 (frozen)
        self.instance = Instance(root, root / "run", "12345678")
        for path in (self.instance.containers, self.instance.volumes, self.instance.tmp, self.instance.run):
            path.mkdir(parents=True, exist_ok=True)
        self.tasks = FakeMachine()
        self.plumbing = FakePlumbing()
        self.pins = FakePins()
        self.images = FakeImages(*(images or (image(env=["PATH=/bin"], cmd=["wait"]),)))
        self.groups: dict[str, FakeGroup] = {}
        self.rules = rules
        self.daemons: list[Daemon] = []

    async def up(self) -> "Daemon":
        daemon = Daemon(self)
        self.daemons.append(daemon)
        await daemon.networks.start()
        await daemon.containers.start_up()
        return daemon

    async def crash(self) -> None:
        """The daemon is gone between two instructions: nothing it was doing goes on."""
        us = asyncio.current_task()
        others = asyncio.all_tasks() - {us}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.tasks.end_daemon()

    def group(self, path: str) -> Group:
        return self.groups.setdefault(path, FakeGroup())

    def task(self, container_id: str) -> FakeTask:
        return self.tasks.tasks[container_id]

    def directories(self) -> set[str]:
        """Ids of the containers that have one."""
        return {path.name for path in self.instance.containers.iterdir()}


class Daemon:
    """One life of the engine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.database = Database(machine.instance.database)
        self.events = Events()
        self.told: list[Event] = []
        self.runtime = FakeRuntime(machine.tasks)
        self.held: set[Publication] = set()
        around = Surroundings(lambda: machine.plumbing, self._hold, time.time_ns)
        self.networks = Networks(machine.instance, self.database, self, surroundings=around)
        self.volumes = Volumes(machine.instance, self.database, self)
        self.containers = Containers(
            machine.instance,
            self.database,
            self.runtime,
            machine.images,
            FakeSnapshots(),  # type: ignore[arg-type]  # only what a start needs
            self.networks,
            self.volumes,
            self,
            rules=machine.rules,
            group=machine.group,
            pins=machine.pins,
        )

    def _hold(self, publication: Publication) -> Held:
        if any(one.host_port == publication.host_port and one.is_ipv6 == publication.is_ipv6 for one in self.held):
            raise OSError(98, "taken")
        self.held.add(publication)
        held = self.held

        class Hold:
            def close(self) -> None:
                held.discard(publication)

        return Hold()

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None:
        self.told.append(Event(kind, action, actor, 0, attributes or {}))
        self.events.publish(kind, action, actor, attributes)

    def actions(self, kind: str = "container") -> list[str]:
        """What was told of containers, in order."""
        return [event.action for event in self.told if event.kind == kind]

    async def create(self, *command: str, name: str | None = None, **options: Any) -> str:
        """The id of a new container; ``options`` are HostConfig's, or with ``config_`` before them Config's."""
        config = {key.removeprefix("config_"): value for key, value in options.items() if key.startswith("config_")}
        host = {key: value for key, value in options.items() if not key.startswith("config_")}
        made = await self.containers.create(
            name,
            Config(Image=config.pop("Image", "demo:1"), Cmd=list(command) or None, **config),
            HostConfig(**host),
            NetworkingConfig(),
        )
        return made.id

    async def run(self, *command: str, **options: Any) -> str:
        """The id of a container that was started."""
        container_id = await self.create(*command, **options)
        await self.containers.start(container_id)
        return container_id

    def state(self, ref: str) -> dict[str, Any]:
        return dict(self.containers.inspect(ref)["State"])

    def status(self, ref: str) -> str:
        return str(self.state(ref)["Status"])

    def exists(self, ref: str) -> bool:
        try:
            self.containers.inspect(ref)
        except NotFound:
            return False
        return True

    async def close(self) -> None:
        await self.containers.close()
        await self.networks.stop()
        self.database.close()


async def wait_until(predicate: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer; what happens meanwhile happens on this loop."""
    deadline = time.monotonic() + seconds
    while not (answer := predicate()):
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.002)
    return answer
