"""The end of all pods of a node."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import Rig, container, pod
from wherry.kit.errors import Unavailable
from wherry.node.pods.fake import Behaviour
from wherry.node.pods.runtime import State

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: own}
spec:
  containers: [{name: web, image: "demo:1"}]
"""
NAME = "own-n1"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    directory = tmp_path / "manifests"
    directory.mkdir()
    (directory / "own.yaml").write_text(MANIFEST)
    return Rig(tmp_path / "pods", static_pods=directory)


async def test_before_the_machine_ends_its_pods_do(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=3600)
    critical = pod("important", container(), priority=2_000_000_000)
    async with rig.running(pod(), critical):
        await rig.until(lambda: rig.is_ready() and rig.is_ready("important") and rig.is_ready(NAME), 2)
        ending = asyncio.create_task(rig.agent.shut_down(20, 5))
        await rig.until(lambda: len(rig.calls("stop_container")) == 3, 18)
        await rig.until(ending.done, 8)
        assert [call[2] for call in rig.calls("stop_container")] == ["15", "5", "5"]
        await rig.until(lambda: rig.status().get("phase") == "Failed", 1)
        assert rig.status()["reason"] == "Terminated"
        assert rig.status()["message"] == "Pod was terminated in response to imminent node shutdown."
        rig.client.put(pod("late"))
        await rig.until(lambda: rig.status("late").get("reason") == "NodeShutdown")


async def test_who_does_not_end_holds_nobody_up_for_ever(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=3600)
    rig.runtime.fault = lambda call: Unavailable("no answer") if call[0] == "stop_container" else None
    async with rig.running(pod()):
        await rig.until(rig.is_ready, 2)
        ending = asyncio.create_task(rig.agent.shut_down(10))
        await rig.until(ending.done, 40)
        assert not ending.exception()


async def test_what_is_halted_runs_again_and_nobody_is_told(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=3600)
    hooked = container(lifecycle={"preStop": {"sleep": {"seconds": 3}}})
    patient = pod("web", hooked, terminationGracePeriodSeconds=60)
    sidecar = container("helper", restartPolicy="Always")
    async with rig.running(
        patient, pod("other", container(), initContainers=[sidecar], terminationGracePeriodSeconds=5)
    ):
        await rig.until(lambda: rig.is_ready() and rig.is_ready("other") and rig.is_ready(NAME), 2)
        before = {name: rig.pod(name) for name in ("web", "other", NAME)}
        halting = asyncio.create_task(rig.agent.halt(10))
        await rig.until(halting.done, 30)
        rig.client.put(pod("late"))
        await rig.settle(2)
        assert before == {name: rig.pod(name) for name in before}
        assert not [each for each in rig.runtime.containers() if each.state is State.RUNNING]
    stops = [(call[1], float(call[2])) for call in rig.calls("stop_container")]
    assert stops[-1] == ("helper", 2.0)  # after the container that it serves, when the grace period is over
    assert sorted(stops[:-1]) == [("web", 5.0), ("web", 7.0), ("web", 10.0)]
    async with rig.running():
        await rig.until(lambda: all(rig.is_ready(name) for name in ("web", "other", "late", NAME)), 30)
        assert rig.container()["restartCount"] == 1
