"""Statuses on their way."""

import pytest

from tests.unit.node.pods.rig import Client, pod
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.view import PODS
from wherry.node.pods.workers.writing import ENDING_SECONDS, GATHER_SECONDS, StatusWriter


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client = Client(self.clock)
        self.client.put(pod())
        self.writer = StatusWriter(self.client, self.clock, self.pod())

    def pod(self) -> Object:
        found = self.client.find(PODS, "web", "default")
        assert found is not None
        return found


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_what_is_written_is_known(bench: Bench) -> None:
    wanted: Object = {"phase": "Running", "podIP": "10.0.0.1"}
    patch = bench.writer.patch(wanted)
    assert patch is not None
    assert await bench.writer.write(patch)
    assert bench.writer.patch(wanted) is None
    assert bench.pod()["status"]["phase"] == "Running"


async def test_what_can_wait_does_so_once(bench: Bench) -> None:
    patch = bench.writer.patch({"startTime": "x"})
    assert patch is not None
    assert bench.writer.wait_seconds(patch) == GATHER_SECONDS
    assert bench.writer.wait_seconds(patch, ends=True) == ENDING_SECONDS
    await bench.clock.advance(GATHER_SECONDS)
    patch = bench.writer.patch({"startTime": "x", "podIP": "1"})
    assert patch is not None
    assert bench.writer.wait_seconds(patch) == 0


async def test_what_is_urgent_does_not(bench: Bench) -> None:
    patch = bench.writer.patch({"phase": "Running"})
    assert patch is not None
    assert bench.writer.wait_seconds(patch) == bench.writer.wait_seconds(patch, ends=True) == 0


async def test_old_news_are_none(bench: Bench) -> None:
    old = bench.pod()
    patch = bench.writer.patch({"phase": "Running"})
    assert patch is not None
    await bench.writer.write(patch)
    assert not bench.writer.learn(old)
    assert bench.writer.known["status"]["phase"] == "Running"
    assert bench.writer.learn(bench.pod())
    assert bench.writer.learn({**old, "metadata": {**old["metadata"], "resourceVersion": "opaque"}})


async def test_a_pod_that_is_gone_or_another_is_not_written_to(bench: Bench) -> None:
    patch = bench.writer.patch({"phase": "Running"})
    assert patch is not None
    await bench.client.delete(PODS, "web", "default", options={"gracePeriodSeconds": 0})
    assert not await bench.writer.write(patch)


async def test_what_the_server_does_not_keep_is_said_once(bench: Bench) -> None:
    """A server that drops a field would else be told for ever."""
    writes = 0

    async def forgetful(*given: object, **named: object) -> Object:
        nonlocal writes
        writes += 1
        found = bench.pod()
        found["metadata"]["resourceVersion"] = str(100 + writes)
        return found

    bench.client.patch = forgetful  # type: ignore[method-assign,assignment]
    wanted: Object = {"odd": "x"}
    patch = bench.writer.patch(wanted)
    assert patch is not None
    await bench.writer.write(patch)
    assert bench.writer.patch(wanted) is None
    assert bench.writer.patch({"odd": "y"}) is not None
    changed = bench.pod()
    changed["metadata"]["resourceVersion"] = "200"
    bench.writer.learn(changed)
    assert bench.writer.patch(wanted) is not None  # somebody has been at it: perhaps now


async def test_what_goes_wrong_is_told(bench: Bench) -> None:
    bench.client.fault = lambda call: Unavailable("no")
    patch = bench.writer.patch({"phase": "Running"})
    assert patch is not None
    with pytest.raises(Unavailable):
        await bench.writer.write(patch)
