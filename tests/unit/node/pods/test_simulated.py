"""Many nodes in one process."""

import asyncio
from contextlib import AsyncExitStack

from tests.unit.node.pods.rig import Client, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.informers import Informers
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.simulated import Shared, simulated
from wherry.node.pods.sources import Shares
from wherry.node.pods.view import PODS

COUNT = 20


async def test_each_node_runs_its_own_pods_and_all_share_one_watch() -> None:
    clock = FakeClock()
    client = Client(clock)
    async with AsyncExitStack() as stack:
        informers = await stack.enter_async_context(Informers(client, clock))
        shared = Shared(client, clock, informers, Shares(informers.of(PODS)))
        agents = [simulated(shared, number) for number in range(COUNT)]
        tasks = [asyncio.create_task(agent.run()) for agent in agents]
        await clock.advance(1)
        assert len(client.all(NODES)) == COUNT
        for number in range(COUNT):
            made = pod(f"p{number}")
            made["spec"]["nodeName"] = f"node-{number}"
            client.put(made)
        for _ in range(50):
            await clock.advance(0.1)
        phases = {each["metadata"]["name"]: each["status"]["phase"] for each in client.all(PODS)}
        assert set(phases.values()) == {"Running"}
        addresses = {each["status"]["podIP"] for each in client.all(PODS)}
        assert len(addresses) == COUNT
        assert [len(agent.places()) for agent in agents] == [1] * COUNT
        watched = [call for call in client.reads if (call.verb, call.resource.resource) == ("watch", "pods")]
        assert len(watched) == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
