"""Pods that have to go for the node's sake, with a rig of its own pieces."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.unit.node.pods.images.test_pulling import Heard
from tests.unit.node.pods.rig import Gauge, container, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.fake import FakeRuntime
from wherry.node.pods.life.model import Ending
from wherry.node.pods.machine.evicting import Evictor, Needs, over_limits
from wherry.node.pods.machine.ranking import Use
from wherry.node.pods.options import Least, Options, Soft, Thresholds
from wherry.node.pods.runtime import ContainerSpec, Sandbox, SandboxSpec

MEMORY = "memory.available"


@dataclass
class Tenant:
    pod: Object
    sandboxes: list[Sandbox] = field(default_factory=list)
    ended: Ending | None = None

    @property
    def is_ending(self) -> bool:
        return self.ended is not None

    def end(self, found: Ending) -> None:
        self.ended = found


class Bench:
    def __init__(self, directory: Path) -> None:
        self.clock, self.machine, self.heard = FakeClock(), Gauge(), Heard()
        self.runtime = FakeRuntime(self.clock)
        self.tenants: list[Tenant] = []
        self.told = 0
        self.options = Options("n1", directory)
        self.evictor = self.make(None)

    def make(self, reclaim: Callable[[], Awaitable[object]] | None) -> Evictor:
        needs = Needs(
            self.runtime, self.clock, self.heard, self.options, self.machine, lambda: self.tenants, self.changed,
            reclaim=reclaim,
        )  # fmt: skip
        return Evictor(needs)

    def short_of(self, thresholds: Thresholds) -> None:
        self.options = replace(self.options, thresholds=thresholds)
        self.evictor = self.make(None)

    async def look(self, seconds: float, memory_bytes: int) -> None:
        """After so many seconds there is so much left."""
        await self.clock.advance(seconds)
        self.machine.lacks = {"memory_available_bytes": memory_bytes}
        await self.evictor.look()

    def changed(self) -> None:
        self.told += 1

    async def settle(self, made: Object) -> Tenant:
        """A pod that runs."""
        meta = made["metadata"]
        spec = SandboxSpec(meta["uid"], "default", meta["name"], meta["name"])
        sandbox = await self.runtime.start_sandbox(spec)
        run = await self.runtime.create_container(sandbox.id, ContainerSpec("web", "demo:1"))
        await self.runtime.start_container(run)
        self.tenants.append(Tenant(made, [sandbox]))
        return self.tenants[-1]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_all_is_well(bench: Bench) -> None:
    tenant = await bench.settle(pod())
    await bench.evictor.look()
    assert (tenant.ended, bench.told, bench.evictor.pressures) == (None, 0, {})


async def test_one_at_a_time(bench: Bench) -> None:
    tenants = [await bench.settle(pod(name)) for name in "ab"]
    bench.machine.lacks = {"memory_available_bytes": 1}
    await bench.evictor.look()
    await bench.evictor.look()
    ended = [each for each in tenants if each.ended]
    assert len(ended) == 1
    assert ended[0].ended is not None
    assert (ended[0].ended.reason, ended[0].ended.disruption) == ("Evicted", "TerminationByKubelet")
    await bench.runtime.stop_sandbox(ended[0].sandboxes[0].id)
    await bench.evictor.look()
    assert all(each.ended for each in tenants)
    assert bench.heard.events == [("EvictionThresholdMet", "Warning"), ("Evicted", "Warning")] * 2


async def test_room_is_looked_for_before_a_pod_has_to_go(bench: Bench) -> None:
    tenant = await bench.settle(pod())
    bench.machine.lacks = {"storage_available_bytes": 1}

    async def reclaim() -> None:
        bench.machine.lacks = {}

    bench.evictor = bench.make(reclaim)
    await bench.evictor.look()
    assert (tenant.ended, bench.told, bench.evictor.pressures) == (None, 0, {})
    bench.machine.lacks = {"memory_available_bytes": 1}  # which images have nothing of
    await bench.evictor.look()
    assert tenant.ended is not None


async def test_a_pressure_is_shown_for_a_while_after_it_is_over(bench: Bench) -> None:
    bench.machine.lacks = {"pids": 1 << 22}
    await bench.evictor.look()
    assert list(bench.evictor.pressures) == ["PIDPressure"]
    bench.machine.lacks = {}
    await bench.clock.advance(299)
    await bench.evictor.look()
    assert list(bench.evictor.pressures) == ["PIDPressure"]
    await bench.clock.advance(2)
    await bench.evictor.look()
    assert bench.evictor.pressures == {}
    assert bench.told == 2


SOFT = Thresholds({MEMORY: Least(100)}, 60.0, {MEMORY: Soft(Least(500), 90.0)}, most_grace_seconds=20)


@pytest.mark.parametrize(("wanted", "most", "grace"), [(30, 20, 20), (5, 20, 5), (30, 0, 1), (0, 20, 1)])
async def test_a_soft_threshold_is_shown_first_and_lets_pods_end(
    bench: Bench, wanted: int, most: int, grace: int
) -> None:
    bench.short_of(replace(SOFT, most_grace_seconds=most))
    tenant = await bench.settle(pod(terminationGracePeriodSeconds=wanted))
    await bench.look(10, 499)
    assert (bench.evictor.pressures, bench.told) == ({"MemoryPressure": MEMORY}, 1)
    await bench.look(89, 499)
    assert tenant.ended is None
    await bench.look(1, 499)
    assert tenant.ended is not None
    assert (tenant.ended.grace_seconds, tenant.ended.since) == (grace, bench.clock.monotonic())
    assert (tenant.ended.reason, tenant.ended.disruption) == ("Evicted", "TerminationByKubelet")
    assert tenant.ended.message.startswith("The node was low on resource: memory. Threshold quantity: ")
    assert bench.heard.events == [("EvictionThresholdMet", "Warning"), ("Evicted", "Warning")]


async def test_a_soft_threshold_that_was_met_for_a_moment_does_nothing_but_show(bench: Bench) -> None:
    bench.short_of(SOFT)
    tenant = await bench.settle(pod())
    for seconds, left in ((10, 499), (50, 500), (50, 499), (50, 500)):
        await bench.look(seconds, left)
        assert list(bench.evictor.pressures) == ["MemoryPressure"]
    await bench.look(10, 500)
    assert (tenant.ended, bench.evictor.pressures) == (None, {})  # a minute after it was met last


async def test_a_hard_threshold_allows_no_time_to_end(bench: Bench) -> None:
    bench.short_of(SOFT)
    tenant = await bench.settle(pod())
    await bench.look(10, 99)
    assert tenant.ended is not None
    assert tenant.ended.grace_seconds == 1


async def test_who_takes_its_time_to_end_is_not_waited_for_forever(bench: Bench) -> None:
    bench.short_of(SOFT)
    slow, other = [await bench.settle(pod(name)) for name in ("slow", "other")]
    slow.end(Ending(3600.0, bench.clock.monotonic()))  # somebody has deleted it
    for seconds in (10, 29):
        await bench.look(seconds, 99)
        assert other.ended is None
    await bench.look(1, 99)
    assert other.ended is not None


async def test_pods_go_until_there_is_some_more_than_was_missing(bench: Bench) -> None:
    bench.short_of(replace(SOFT, reclaim={MEMORY: Least(50)}))
    tenants = [await bench.settle(pod(name)) for name in "abc"]
    for left, gone in ((120, 0), (99, 1), (149, 2), (150, 2), (149, 2)):
        await bench.look(10, left)
        ended = [each for each in tenants if each.ended]
        assert len(ended) == gone, left
        for each in ended:
            await bench.runtime.stop_sandbox(each.sandboxes[0].id)


async def test_images_stay_until_a_soft_threshold_has_lasted(bench: Bench) -> None:
    asked: list[float] = []

    async def reclaim() -> None:
        asked.append(bench.clock.monotonic())
        bench.machine.lacks = {}

    soft = {"nodefs.available": Soft(Least(500), 30.0)}
    bench.options = replace(bench.options, thresholds=Thresholds({}, 0.0, soft))
    bench.evictor = bench.make(reclaim)
    tenant = await bench.settle(pod())
    bench.machine.lacks = {"storage_available_bytes": 499}
    await bench.evictor.look()
    assert not asked
    await bench.clock.advance(30)
    await bench.evictor.look()
    assert (asked, tenant.ended, bench.evictor.pressures) == ([bench.clock.monotonic()], None, {})


async def test_what_a_pod_writes_counts_for_the_disk(bench: Bench) -> None:
    volumes = [{"name": "v", "emptyDir": {}}]
    mounts = [{"name": "v", "mountPath": "/v"}]
    small, large = (pod(name, container(volumeMounts=mounts), volumes=volumes) for name in ("small", "large"))
    for made, size in ((small, 1 << 12), (large, 1 << 16)):
        place = bench.options.directory / made["metadata"]["uid"] / "volumes/v"
        place.mkdir(parents=True)
        (place / "file").write_bytes(b"x" * size)
        (place / "link").symlink_to("/")
        await bench.settle(made)
    bench.machine.lacks = {"storage_available_bytes": 0}
    await bench.evictor.look()
    assert [each.pod["metadata"]["name"] for each in bench.tenants if each.ended] == ["large"]


async def test_a_pods_limit_of_storage(bench: Bench) -> None:
    limited = container(
        resources={"limits": {"ephemeral-storage": "4Ki"}}, volumeMounts=[{"name": "v", "mountPath": "/v"}]
    )
    tenant = await bench.settle(pod("web", limited, volumes=[{"name": "v", "emptyDir": {}}]))
    place = bench.options.directory / "uid-web/volumes/v"
    place.mkdir(parents=True)
    (place / "file").write_bytes(b"x" * 100_000)
    for _ in range(6):
        await bench.evictor.look()
    assert tenant.ended is not None
    assert tenant.ended.message == ("Pod ephemeral local storage usage exceeds the total limit of containers 4Ki. ")


def test_what_a_pod_may_take_of_the_disk() -> None:
    def limited(name: str, amount: str) -> Object:
        return container(name, resources={"limits": {"ephemeral-storage": amount}} if amount else {})

    both = pod("web", limited("a", "1Mi"), limited("b", "1Mi"))
    assert over_limits(Use(both, {"a": 1 << 20, "b": 1 << 20})) == ""
    assert over_limits(Use(both, {"a": 1 << 20}, rest=2 << 20)) == (
        "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. "
    )
    assert over_limits(Use(both, {"a": (1 << 20) + 1})) == (
        'Container a exceeded its local ephemeral storage limit "1Mi". '
    )
    assert over_limits(Use(pod("web", limited("a", "1Mi"), limited("b", "")), {"b": 1 << 30})) == ""
