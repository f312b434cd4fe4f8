"""Images that go when the disk is full."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.node.pods.images.test_pulling import Heard
from tests.unit.node.pods.rig import Gauge, container, pod
from wherry.kit.errors import Conflict
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.fake import FakeRuntime
from wherry.node.pods.images.collecting import Collector, Needs, Record, in_use, order, wanted_bytes
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import ContainerSpec, ImageStatus, SandboxSpec

FULL = {"storage_available_bytes": 0}


class Runtime(FakeRuntime):
    foreign: frozenset[str] = frozenset()

    def images(self) -> list[ImageStatus]:
        return [replace(each, is_collectable=each.names[0] not in self.foreign) for each in super().images()]


class Bench:
    def __init__(self, directory: Path) -> None:
        self.clock, self.machine, self.heard = FakeClock(), Gauge(), Heard()
        self.runtime, self.pods = Runtime(self.clock), list[Object]()
        needs = Needs(
            self.runtime, self.clock, self.heard, Options("n1", directory), self.machine, lambda: self.pods
        )  # fmt: skip
        self.collector = Collector(needs)

    async def have(self, *names: str) -> None:
        for name in names:
            await self.runtime.ensure_image(name, True)

    async def use(self, name: str) -> str:
        """A container of it, without a pod that says so."""
        sandbox = await self.runtime.start_sandbox(SandboxSpec(name, "default", name, name))
        image = self.runtime.image(name)
        assert image is not None
        await self.runtime.create_container(sandbox.id, ContainerSpec("c", image.id))
        return sandbox.id

    @property
    def left(self) -> list[str]:
        return sorted(self.runtime.pulled)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("left", "wanted"), [(100, 0), (16, 0), (15, 5), (10, 10), (0, 20)], ids=["empty", "below", "at", "above", "full"]
)
def test_how_much_is_wanted(left: int, wanted: int) -> None:
    assert wanted_bytes(100, left, high=85, low=80) == wanted
    assert wanted_bytes(100, left, high=100, low=80) == 0
    assert wanted_bytes(0, 0, high=85, low=80) == 0


def test_who_goes_first() -> None:
    records = {
        "used lately": Record(0, 9), "used before": Record(0, 5), "never used": Record(3), "older": Record(2),
        "in use": Record(0, 10), "new": Record(8),
    }  # fmt: skip
    assert order(records, ["in use"], born_before=7) == ["older", "never used", "used before", "used lately"]


def test_what_is_in_use(bench: Bench) -> None:
    made = pod("a", container(image="a:1"), volumes=[{"name": "v", "image": {"reference": "v:1"}}])
    ended = {**pod("b", container(image="b:1")), "status": {"phase": "Succeeded"}}
    assert in_use(bench.runtime, [made, ended]) == {"sha256:a:1", "sha256:v:1"}


async def test_nothing_goes_while_there_is_room(bench: Bench) -> None:
    await bench.have("a:1")
    await bench.clock.advance(1000)
    await bench.collector.look()
    assert bench.left == ["a:1"]


async def test_what_nobody_uses_goes_until_there_is_room(bench: Bench) -> None:
    await bench.have("a:1", "b:1", "c:1", "d:1")
    bench.pods.append(pod("d", container(image="d:1")))
    home = await bench.use("c:1")
    await bench.collector.look()
    await bench.runtime.remove_sandbox(home)
    await bench.clock.advance(200)
    whole = bench.machine.measure().storage_bytes
    bench.machine.lacks = {"storage_available_bytes": whole * 20 // 100 - (2 << 20), "storage_bytes": whole}
    await bench.collector.look()
    assert bench.left == ["a:1", "b:1", "c:1", "d:1"]  # it is full, but not so full
    bench.machine.lacks["storage_bytes"] = 10 << 20
    bench.machine.lacks["storage_available_bytes"] = 0
    await bench.collector.look()
    assert bench.left == ["c:1", "d:1"]  # c:1 was used later
    assert bench.heard.events == []


async def test_what_has_just_come_stays(bench: Bench) -> None:
    await bench.have("old:1")
    await bench.collector.look()
    await bench.have("new:1")
    await bench.clock.advance(10)
    bench.machine.lacks = FULL
    await bench.collector.look()
    assert bench.left == ["new:1"]
    assert bench.heard.events == [("FreeDiskSpaceFailed", "Warning")]
    await bench.clock.advance(121)
    await bench.collector.look()
    assert bench.left == []


async def test_others_images_stay_and_are_nobodys_fault(bench: Bench) -> None:
    bench.runtime.foreign = frozenset({"a:1"})
    await bench.have("a:1")
    bench.machine.lacks = FULL
    await bench.collector.look()
    assert (bench.left, bench.heard.events) == (["a:1"], [])


async def test_what_somebody_else_uses_stays(bench: Bench) -> None:
    await bench.have("a:1", "b:1")
    bench.runtime.fault = lambda call: Conflict("in use") if call == ("remove_image", "sha256:a:1") else None
    assert await bench.collector.free() == 1 << 20
    assert bench.left == ["a:1"]
