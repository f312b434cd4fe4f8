"""Pods that end: by deletion, by force, twice, half-way; and what is left of them."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import Rig, container, pod
from wherry.kit.errors import Unavailable, WherryError
from wherry.kube.client.fake import Call
from wherry.kube.machinery.status import CHANGED, conflict
from wherry.node.pods.fake import Behaviour
from wherry.node.pods.view import PODS


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_how_it_ended_is_told_before_it_goes(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stopped_code=143)
    seen: list[str] = []
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        async with rig.client.watch(PODS, "default", resource_version=str(rig.client.revision)) as changes:
            await rig.client.delete(PODS, "web", "default")
            await rig.until(lambda: rig.pod() is None)
            while "DELETED" not in seen:
                change = await anext(changes)
                seen.append(change.type)
                last = change.object
    assert last["status"]["phase"] == "Failed"
    assert last["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 143


@pytest.mark.parametrize(("seconds", "told"), [(2.0, 1), (20.0, 2)])
async def test_an_end_that_is_quick_is_told_at_once_with_what_else_there_is(
    rig: Rig, seconds: float, told: int
) -> None:
    """That the deletion was seen, first of all (``status.observedGeneration``)."""
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=seconds)
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.settle(1)
        before = len(rig.client.calls)
        await rig.client.delete(PODS, "web", "default")
        await rig.settle(10)
        assert (rig.status().get("observedGeneration") == 2) is (told == 2)
        await rig.until(lambda: rig.pod() is None, 15)
        written = [call for call in rig.client.calls[before:] if call.resource == PODS.group_resource]
        assert [call.verb for call in written] == ["delete", *["patch"] * told, "delete"]


async def test_who_does_not_listen_is_killed_after_the_grace_period(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=3600)
    async with rig.running(pod(terminationGracePeriodSeconds=10)):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.settle(9)
        assert rig.pod() is not None
        await rig.until(lambda: rig.pod() is None, 2)


async def test_a_second_deletion_can_hurry_it(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=3600)
    async with rig.running(pod(terminationGracePeriodSeconds=600)):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.settle(5)
        await rig.client.delete(PODS, "web", "default", options={"gracePeriodSeconds": 3})
        await rig.until(lambda: rig.pod() is None, 4)


async def test_by_force_it_goes_from_the_api_first_and_from_here_soon(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=3600)
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default", options={"gracePeriodSeconds": 0})
        assert rig.pod() is None
        await rig.until(lambda: not rig.runtime.sandboxes() and not rig.agent.places(), 3)


async def test_a_pod_that_was_never_started_goes_too(rig: Rig) -> None:
    def fault(call: tuple[str, ...]) -> WherryError | None:
        return Unavailable("not now") if call[0] == "start_sandbox" else None

    rig.runtime.fault = fault
    async with rig.running(pod()):
        await rig.until(lambda: rig.calls("start_sandbox"))
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None, 1)


async def test_deletion_goes_on_after_a_restart_of_the_agent(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=20)
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.settle(1)
    async with rig.running():
        await rig.until(lambda: rig.pod() is None and not rig.runtime.sandboxes(), 30)
    assert len(rig.calls("start_container")) == 1


@pytest.mark.parametrize("after", range(3, 9))
async def test_a_crash_anywhere_leaves_nothing_behind(rig: Rig, after: int) -> None:
    """The agent dies after so many steps of the runtime, again and again, while a pod comes and goes. (Three it needs:
    what an earlier life has made and not started goes, and then it is made and started.)"""
    left = after

    def fault(call: tuple[str, ...]) -> WherryError | None:
        nonlocal left
        left -= 1
        return Unavailable("the agent is dead") if left < 0 else None

    rig.runtime.fault = fault
    for _ in range(12):
        async with rig.running(*([pod()] if rig.pod() is None and not rig.runtime.calls else [])):
            await rig.settle(2)
            if rig.is_ready():
                break
        left = after
    assert rig.is_ready()
    left = after
    await rig.client.delete(PODS, "web", "default")
    for _ in range(12):
        async with rig.running():
            await rig.settle(2)
        left = after
    assert rig.pod() is None
    assert not rig.runtime.sandboxes()
    assert not rig.runtime.containers()
    assert sorted(path.name for path in rig.options.directory.iterdir()) == ["memory", "messages"]


async def test_an_api_that_does_not_answer_stops_no_pod(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.client.fault = lambda call: Unavailable("connection refused")
        rig.client.end_watches()
        rig.runtime.exit(rig.run_of(), 1)
        await rig.until(lambda: len(rig.calls("start_container")) == 2)
        await rig.settle(60)
        rig.client.fault = lambda call: None
        await rig.until(lambda: rig.container()["restartCount"] == 1, 130)
    assert not rig.calls("stop_container")


async def test_a_finalizer_holds_the_object_not_the_pod(rig: Rig) -> None:
    held = pod()
    held["metadata"]["finalizers"] = ["example.com/wait"]
    async with rig.running(held):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: not rig.runtime.sandboxes())
        await rig.settle(5)
        deletions = [call for call in rig.client.calls if call.verb == "delete"]
        assert len(deletions) == 2
        found = rig.pod()
        assert found is not None
        rig.client.put({**found, "metadata": {**found["metadata"], "finalizers": []}})
        await rig.client.delete(PODS, "web", "default", options={"gracePeriodSeconds": 0})
        await rig.until(lambda: not rig.agent.places())


async def test_no_connection_is_led_to_it_before_it_is_told_to_end(rig: Rig) -> None:
    gate = asyncio.Event()

    async def drain(found: object) -> None:
        rig.runtime.calls.append(("drain",))
        await gate.wait()

    rig.parts["drain"] = drain
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.settle(1)
        assert rig.runtime.calls[-1] == ("drain",)
        gate.set()
        await rig.until(lambda: rig.pod() is None)
    names = [call[0] for call in rig.runtime.calls]
    assert names.index("drain") < names.index("stop_container")


async def test_a_signal_of_ones_own(rig: Rig) -> None:
    async with rig.running(pod("web", container(lifecycle={"stopSignal": "SIGUSR1"}))):
        await rig.until(rig.is_ready)
        assert rig.container()["stopSignal"] == "SIGUSR1"
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
    assert rig.calls("stop_container")[0][3] == "SIGUSR1"


async def test_a_status_that_cannot_be_written_is_written_later(rig: Rig) -> None:
    def fault(call: Call) -> BaseException | None:
        return Unavailable("no") if call.verb == "patch" and call.resource.resource == "pods" else None

    rig.client.fault = fault
    async with rig.running(pod()):
        await rig.settle(3)
        assert rig.status()["phase"] == "Pending"
        rig.client.fault = lambda call: None
        await rig.until(rig.is_ready, 10)


async def test_a_deletion_that_met_a_change_is_tried_again(rig: Rig) -> None:
    tried: list[str] = []

    def fault(call: Call) -> BaseException | None:
        if call.verb != "delete":
            return None
        tried.append(call.name)
        return conflict(call.resource, call.name, CHANGED) if len(tried) == 1 else None

    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        rig.client.fault = fault
        await rig.until(lambda: rig.pod() is None, 5)
    assert tried == ["web", "web"]
