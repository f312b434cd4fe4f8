"""Volumes for claims of pods on nodes that run nothing."""

from pathlib import Path

from tests.unit.kube.controllers.harness import clock_of, names, running
from tests.unit.node.storage.test_localpath import claim, storage_class
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.node.simulation.simulation import Plan
from wherry.node.simulation.storage import provider
from wherry.node.storage.localpath import VOLUMES


def make(needs: Needs) -> list[Controller]:
    return [provider(needs.client, needs.clock, needs.informers, Plan(3).has)]


async def test_a_claim_gets_a_volume_that_only_its_node_has() -> None:
    client = FakeClient(claim("sim-2"), storage_class())
    async with running(client, make):
        await clock_of(client).advance(1)
    (volume,) = client.all(VOLUMES)
    term = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]
    assert term["values"] == ["sim-2"]
    assert not Path(volume["spec"]["hostPath"]["path"]).parent.exists()


async def test_nodes_that_are_not_simulated_are_not_spoken_for() -> None:
    client = FakeClient(claim("sim-3"), storage_class())
    async with running(client, make):
        await clock_of(client).advance(1)
        client.put(claim("real"))
        await clock_of(client).advance(1)
    assert client.all(VOLUMES) == []


async def test_a_volume_goes_when_it_is_released() -> None:
    client = FakeClient(claim("sim-0"), storage_class(reclaimPolicy="Delete"))
    async with running(client, make):
        await clock_of(client).advance(1)
        (volume,) = client.all(VOLUMES)
        await client.update(VOLUMES, {**volume, "status": {"phase": "Released"}}, subresource="status")
        await clock_of(client).advance(1)
    assert names(client, VOLUMES) == []
