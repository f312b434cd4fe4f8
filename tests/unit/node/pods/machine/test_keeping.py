"""Telling the API about the node: what test_agent_node.py does not see."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.node.pods.images.test_pulling import Heard
from tests.unit.node.pods.rig import Client
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import Call
from wherry.kube.machinery.model import Object
from wherry.node.pods.machine.facts import ImaginedMachine
from wherry.node.pods.machine.keeping import LEASE_NAMESPACE, LEASES, Needs, NodeKeeper
from wherry.node.pods.machine.nodes import NODES, Standing
from wherry.node.pods.options import Options


class Bench:
    def __init__(self, directory: Path) -> None:
        self.clock = FakeClock()
        self.client = Client(self.clock)
        self.heard = Heard()
        self.pressures: dict[str, str] = {}
        options = Options("n1", directory)
        self.keeper = NodeKeeper(
            Needs(self.client, self.clock, options, ImaginedMachine(), self.heard, lambda: Standing(self.pressures))
        )

    def node(self) -> Object:
        found = self.client.find(NODES, "n1")
        assert found is not None
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_what_is_important_is_told_at_once(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    bench.pressures = {"DiskPressure": "nodefs.available"}
    bench.keeper.tell()
    await bench.clock.advance(0)
    assert next(each for each in bench.node()["status"]["conditions"] if each["type"] == "DiskPressure")["status"] == (
        "True"
    )
    task.cancel()


async def test_a_lease_that_somebody_else_wrote_is_read_again(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    lease = bench.client.find(LEASES, "n1", LEASE_NAMESPACE)
    assert lease is not None
    lease["metadata"]["labels"] = {"x": "y"}
    bench.client.put(lease)
    await bench.clock.advance(20)
    found = bench.client.find(LEASES, "n1", LEASE_NAMESPACE)
    assert found is not None
    assert found["metadata"]["labels"] == {"x": "y"}
    assert found["spec"]["renewTime"] > "2026-01-01T00:00:16"
    task.cancel()


async def test_an_api_that_is_away_is_asked_again(bench: Bench) -> None:
    def fault(call: Call) -> BaseException | None:
        return Unavailable("no") if call.verb in ("create", "update", "patch") else None

    bench.client.fault = fault
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(30)
    assert not bench.keeper.registered.is_set()
    bench.client.fault = lambda call: None
    await bench.clock.advance(8)
    assert bench.keeper.registered.is_set()
    assert bench.keeper.node is not None
    task.cancel()


async def test_a_restart_of_the_machine_is_said(bench: Bench) -> None:
    known = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": {"nodeInfo": {"bootID": "old"}}}
    bench.client.put(known)
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    assert ("Rebooted", "Warning") in bench.heard.events
    task.cancel()
