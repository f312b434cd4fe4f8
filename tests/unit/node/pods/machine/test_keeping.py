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
from wherry.node.pods.options import Intervals, Options


class Bench:
    def __init__(self, directory: Path) -> None:
        self.clock = FakeClock()
        self.client = Client(self.clock)
        self.heard = Heard()
        self.pressures: dict[str, str] = {}
        self.directory = directory
        self.keeper = self.make(self.client)

    def make(self, client: Client, *pod_ranges: str, first: float = 1.0) -> NodeKeeper:
        options = Options("n1", self.directory, pod_ranges=pod_ranges, intervals=Intervals(first=first))
        return NodeKeeper(
            Needs(client, self.clock, options, ImaginedMachine(), self.heard, lambda: Standing(self.pressures))
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


async def test_its_first_word_can_come_sooner_than_the_others(bench: Bench) -> None:
    bench.keeper = bench.make(bench.client, first=0.25)
    renewed = set()
    task = asyncio.create_task(bench.keeper.run())
    for _ in range(60):
        await bench.clock.advance(0.5)
        lease = bench.client.find(LEASES, "n1", LEASE_NAMESPACE)
        assert lease is not None
        renewed.add(lease["spec"]["renewTime"][17:21])
    task.cancel()
    assert sorted(renewed) == ["00.0", "02.5", "12.5", "22.5"]


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


async def test_it_has_reported_when_the_api_has_its_own_word(bench: Bench) -> None:
    def fault(call: Call) -> BaseException | None:
        return Unavailable("no") if call.subresource == "status" else None

    bench.client.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": {}})
    bench.client.fault = fault
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(5)
    assert bench.keeper.registered.is_set()  # it is there, and says nothing yet
    assert not bench.keeper.reported.is_set()
    bench.client.fault = lambda call: None
    await bench.clock.advance(8)
    assert bench.keeper.reported.is_set()
    assert "Ready" in [each["type"] for each in bench.node()["status"]["conditions"] if each["status"] == "True"]
    task.cancel()


PRESSURES = [
    ("NodeHasSufficientMemory", "Normal"),
    ("NodeHasNoDiskPressure", "Normal"),
    ("NodeHasSufficientPID", "Normal"),
]
ENFORCED = ("NodeAllocatableEnforced", "Normal")


async def test_what_a_new_node_says_of_itself(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(20)
    assert bench.heard.events == [("Starting", "Normal"), *PRESSURES, ("NodeReady", "Normal"), ENFORCED]
    task.cancel()


async def test_one_that_begins_again_says_how_it_is_and_no_more(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    task.cancel()
    other = Bench(bench.directory)
    other.client, other.keeper = bench.client, other.make(bench.client)
    task = asyncio.create_task(other.keeper.run())
    await other.clock.advance(20)
    assert other.heard.events == [("Starting", "Normal"), *PRESSURES, ENFORCED]
    task.cancel()


async def test_one_that_had_gone_silent_is_ready_again(bench: Bench) -> None:
    silent = [
        {"type": kind, "status": "Unknown"} for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
    ]
    bench.client.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": {"conditions": silent}})
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(20)
    assert bench.heard.events == [("Starting", "Normal"), ENFORCED, *PRESSURES, ("NodeReady", "Normal")]
    task.cancel()


async def test_one_that_somebody_deletes_is_told_of_again_but_does_not_start(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    bench.heard.events.clear()
    await bench.client.delete(NODES, "n1")
    bench.keeper.tell()
    bench.pressures = {"PIDPressure": "pid.available"}
    await bench.clock.advance(20)
    assert bench.heard.events == [
        *PRESSURES[:2], ("NodeHasInsufficientPID", "Normal"), ("NodeReady", "Normal"), ENFORCED,
    ]  # fmt: skip
    task.cancel()


async def test_who_was_taken_for_lost_says_soon_that_it_is_not(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    node = bench.node()
    lost = [{**each, "status": "Unknown", "reason": "NodeStatusUnknown"} for each in node["status"]["conditions"]]
    bench.client.put({**node, "status": {**node["status"], "conditions": lost}})
    bench.heard.events.clear()
    await bench.clock.advance(10)
    assert {each["type"]: each["status"] for each in bench.node()["status"]["conditions"]} == {
        "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "Ready": "True",
    }  # fmt: skip
    assert bench.heard.events == [*PRESSURES, ("NodeReady", "Normal")]
    task.cancel()


async def test_one_that_is_deleted_is_there_again_within_seconds(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    await bench.client.delete(NODES, "n1")
    await bench.clock.advance(20)
    assert bench.node()["metadata"]["name"] == "n1"
    task.cancel()


async def test_what_others_do_to_the_node_is_heard_soon_and_told(bench: Bench) -> None:
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    bench.heard.events.clear()
    for is_cordoned, said in ((True, "NodeNotSchedulable"), (False, "NodeSchedulable")):
        node = bench.node()
        bench.client.put({**node, "spec": {"unschedulable": is_cordoned}})
        await bench.clock.advance(25)
        assert bench.heard.events == [(said, "Normal")]
        assert bench.keeper.node is not None
        assert bench.keeper.node["spec"]["unschedulable"] is is_cordoned
        bench.heard.events.clear()
    task.cancel()


async def test_a_restart_of_the_machine_is_said(bench: Bench) -> None:
    known = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": {"nodeInfo": {"bootID": "old"}}}
    bench.client.put(known)
    task = asyncio.create_task(bench.keeper.run())
    await bench.clock.advance(1)
    assert ("Rebooted", "Warning") in bench.heard.events
    task.cancel()


async def test_ranges_that_a_node_has_said_stay_and_it_is_told(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    for ranges, told in ((["10.1.0.0/16"], 0), (["10.1.0.0/16"], 0), (["10.1.0.0/16", "fd00:1::/64"], 1)):
        task = asyncio.create_task(bench.make(bench.client, *ranges).run())
        await bench.clock.advance(1)
        task.cancel()
        assert bench.node()["spec"]["podCIDRs"] == ["10.1.0.0/16"]
        assert caplog.text.count("which cannot be changed") == told
