"""Many nodes in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.unit.node.pods.rig import Client, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.pods.agent import Agent
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.simulated import ANNOTATION, Shared, Ways, owner_of, simulated, subnet
from wherry.node.pods.sources import Objects, Shares
from wherry.node.pods.view import PODS

COUNT = 20
USUAL = Ways()


def on(number: int, name: str, **spec: object) -> Object:
    return pod(name, **{"nodeName": f"node-{number}", **spec})


@asynccontextmanager
async def running(clock: FakeClock, client: Client, count: int, ways: Ways = USUAL) -> AsyncIterator[list[Agent]]:
    async with AsyncExitStack() as stack:
        informers = await stack.enter_async_context(Informers(client, clock))
        pods = informers.of(PODS)
        shared = Shared(client, clock, informers, Shares(pods), ways=ways, referred=Objects(informers))
        await clock.advance(0)
        agents = [
            simulated(shared, number, pods=pods.cache.by_index("node", f"node-{number}")) for number in range(count)
        ]
        tasks = [asyncio.create_task(agent.run()) for agent in agents]
        await clock.advance(1)
        yield agents
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> Client:
    return Client(clock)


def phases(client: Client) -> set[str]:
    return {each["status"]["phase"] for each in client.all(PODS)}


async def test_each_node_runs_its_own_pods_and_all_share_one_watch(clock: FakeClock, client: Client) -> None:
    async with running(clock, client, COUNT) as agents:
        assert len(client.all(NODES)) == COUNT
        for number in range(COUNT):
            client.put(on(number, f"p{number}"))
        await clock.advance(5)
        assert phases(client) == {"Running"}
        assert len({each["status"]["podIP"] for each in client.all(PODS)}) == COUNT
        assert [len(agent.places()) for agent in agents] == [1] * COUNT
        watched = [call for call in client.reads if (call.verb, call.resource.resource) == ("watch", "pods")]
        assert len(watched) == 1


async def test_a_node_is_what_it_was_asked_to_be(clock: FakeClock, client: Client) -> None:
    ways = Ways("me", {"a": "b"}, ({"key": "k", "effect": "NoSchedule"},), pods=7, zones=2)
    async with running(clock, client, 3, ways):
        nodes = client.all(NODES)
    assert {each["metadata"]["annotations"][ANNOTATION] for each in nodes} == {"me"}
    assert {owner_of(each) for each in nodes} == {"me"}
    assert owner_of({"metadata": {"name": "real"}}) == ""
    labels = [each["metadata"]["labels"] for each in nodes]
    assert [each["topology.kubernetes.io/zone"] for each in labels] == ["zone-0", "zone-1", "zone-0"]
    assert {(each["type"], each["a"]) for each in labels} == {("simulated", "b")}
    assert nodes[0]["spec"]["taints"][0]["key"] == "k"
    assert nodes[0]["status"]["allocatable"]["pods"] == "7"
    assert nodes[0]["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 0


async def test_pods_start_when_they_are_told_to_and_jobs_end(clock: FakeClock, client: Client) -> None:
    async with running(clock, client, 1, Ways(start_seconds=3.0, job_seconds=4.0)):
        of_job = on(0, "job", restartPolicy="Never")
        of_job["metadata"]["labels"] = {"batch.kubernetes.io/job-name": "x"}
        client.put(on(0, "web"), of_job)
        await clock.advance(2)
        assert phases(client) == {"Pending"}
        await clock.advance(2)
        assert phases(client) == {"Running"}
        await clock.advance(6)
        assert phases(client) == {"Running", "Succeeded"}


async def test_a_node_that_is_taken_over_leaves_its_pods_as_they_are(clock: FakeClock, client: Client) -> None:
    async with running(clock, client, 1):
        client.put(on(0, "web"))
        await clock.advance(2)
    before = client.find(PODS, "web", "default")
    async with running(clock, client, 1):
        await clock.advance(30)
        assert client.find(PODS, "web", "default") == before
        await client.delete(PODS, "web", "default")
        await clock.advance(2)
        assert client.find(PODS, "web", "default") is None


def test_no_two_nodes_have_an_address_in_common_and_none_that_is_a_service_s() -> None:
    for pods in (110, 250, 251, 600):
        taken = [subnet(number, pods).number(count) for number in range(0, 12_000, 7) for count in (0, pods - 1)]
        assert len(set(taken)) == len(taken)
        assert not any(96 <= int(each.split(".")[1]) < 112 for each in taken)


async def test_nodes_that_come_together_do_not_speak_together(client: Client, clock: FakeClock) -> None:
    async with Informers(client, clock) as informers:
        shared = Shared(client, clock, informers, Shares(informers.of(PODS)))
        firsts = sorted(simulated(shared, number)._options.intervals.first for number in range(100))
    between = [later - earlier for earlier, later in zip([0.0, *firsts], [*firsts, 1.0], strict=True)]
    assert firsts[0] > 0 and max(between) < 0.03
