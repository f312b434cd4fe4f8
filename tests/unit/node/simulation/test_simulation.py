"""The nodes of a simulation, from the first to the last."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from tests.unit.node.pods.rig import Client, pod
from wherry.kit.errors import Conflict, Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.node.pods.machine.keeping import LEASE_NAMESPACE, LEASES
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.simulated import Ways, owner_of
from wherry.node.pods.view import PODS
from wherry.node.simulation.simulation import Plan, Simulation, intervals, running

T = TypeVar("T")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> Client:
    return Client(clock)


@asynccontextmanager
async def begun(clock: FakeClock, client: Client, count: int, owner: str = "me") -> AsyncIterator[Simulation]:
    async with running(client, clock, Plan(count, ways=Ways(owner))) as found:
        await clock.advance(0)
        await passing(clock, found.begin())
        await clock.advance(2)
        yield found


async def passing(clock: FakeClock, work: Coroutine[Any, Any, T]) -> T:
    """What comes of it, while time passes."""
    task = asyncio.ensure_future(work)
    for _ in range(100):
        await clock.advance(0.1)
        if task.done():
            break
    return await task


def names(client: Client) -> list[str]:
    return sorted(each["metadata"]["name"] for each in client.all(NODES))


def node(name: str, **annotations: str) -> Object:
    meta = {"name": name, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {}, "status": {}}


def test_a_plan_knows_its_names() -> None:
    plan = Plan(3, "a-b")
    assert [plan.name(number) for number in range(3)] == ["a-b-0", "a-b-1", "a-b-2"]
    assert [plan.number(name) for name in ("a-b-2", "a-b-7", "a-b-07", "a-2", "a-b-", "a-b-x")] == [
        2,
        7,
        -1,
        -1,
        -1,
        -1,
    ]
    assert plan.has("a-b-2")
    assert not plan.has("a-b-3")


@pytest.mark.parametrize(("count", "seconds"), [(1, 10), (500, 10), (1000, 20), (5000, 100), (20_000, 120)])
def test_leases_are_renewed_in_time(count: int, seconds: float) -> None:
    assert intervals(count).lease == seconds * 4


async def test_nodes_come_run_pods_and_go_with_them(clock: FakeClock, client: Client) -> None:
    client.put(node("real"), pod("real", nodeName="real"))
    async with begun(clock, client, 3) as found:
        assert names(client) == ["real", "sim-0", "sim-1", "sim-2"]
        assert found.sample()["metadata"]["name"] not in names(client)
        assert found.sample()["metadata"]["annotations"] == client.find(NODES, "sim-0")["metadata"]["annotations"]  # type: ignore[index]
        client.put(pod("a", nodeName="sim-0"), pod("b", nodeName="sim-2"))
        await clock.advance(2)
        assert (found.progress.ready, found.progress.pods, found.progress.pods_ready) == (3, 2, 2)
        await found.end()
        await found.end()
        assert await passing(clock, found.remove()) == 2
    assert names(client) == ["real"]
    assert [each["metadata"]["name"] for each in client.all(PODS)] == ["real"]


async def test_the_next_takes_over_and_removes_what_is_too_much(clock: FakeClock, client: Client) -> None:
    async with begun(clock, client, 3):
        client.put(pod("a", nodeName="sim-0"), pod("b", nodeName="sim-2"))
        await clock.advance(2)
    kept = client.find(PODS, "a", "default")
    async with begun(clock, client, 2) as found:
        await clock.advance(10)
        assert names(client) == ["sim-0", "sim-1"]
        assert client.find(PODS, "a", "default") == kept
        assert client.find(PODS, "b", "default") is None
        assert found.progress.ready == 2


async def test_who_is_displaced_hears_of_it(clock: FakeClock, client: Client) -> None:
    async with begun(clock, client, 2, "one") as first, begun(clock, client, 2, "two") as second:
        assert first.was_displaced.is_set()
        assert not second.was_displaced.is_set()
        assert {owner_of(each) for each in client.all(NODES)} == {"two"}


async def test_a_node_of_another_kind_is_not_touched(clock: FakeClock, client: Client) -> None:
    client.put(node("sim-1"), node("sim-7"))
    async with running(client, clock, Plan(2)) as found:
        await clock.advance(0)
        with pytest.raises(Conflict, match="node sim-1 is there"):
            await found.begin()
    assert names(client) == ["sim-1", "sim-7"]
    assert not client.calls


async def test_a_node_that_somebody_deletes_stays_away(clock: FakeClock, client: Client) -> None:
    async with begun(clock, client, 2) as found:
        await client.delete(NODES, "sim-1")
        await client.delete(LEASES, "sim-1", LEASE_NAMESPACE)
        await clock.advance(
            1000,
        )
        assert names(client) == ["sim-0"]
        assert [each["metadata"]["name"] for each in client.all(LEASES)] == ["sim-0"]
        assert found.progress.ready == 1


async def test_removing_gives_up_when_nobody_answers(clock: FakeClock, client: Client) -> None:
    async with begun(clock, client, 3) as found:
        await found.end()
        client.fault = lambda call: Unavailable("nobody is there") if call.verb == "delete" else None
        removing = asyncio.ensure_future(found.remove())
        await clock.advance(20)
        assert not removing.done()
        await clock.advance(20)
        with pytest.raises(Unavailable, match="nobody is there"):
            await removing


async def test_removing_outlasts_an_api_that_does_not_answer(clock: FakeClock, client: Client) -> None:
    async with begun(clock, client, 1) as found:
        await found.end()
        faults: list[Exception] = [StatusError(503, "ServiceUnavailable", "not now"), Unavailable("nobody is there")]
        client.fault = lambda call: faults.pop() if call.verb == "delete" and faults else None
        removing = asyncio.ensure_future(found.remove())
        await clock.advance(1)
        assert names(client) == ["sim-0"]
        await clock.advance(10)
        await removing
    assert names(client) == []
