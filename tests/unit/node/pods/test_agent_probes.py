"""Probes and hooks of containers, seen from the API."""

from pathlib import Path

import pytest

from tests.unit.node.pods.rig import Rig, container, pod
from wherry.node.pods.probes.model import PASSED, Outcome, Result
from wherry.node.pods.runtime import Executed
from wherry.node.pods.view import PODS

NO = Outcome(Result.FAILURE, "HTTP probe failed with statuscode: 500")
GET = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5, "timeoutSeconds": 1, "failureThreshold": 3}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_who_does_not_answer_is_not_ready(rig: Rig) -> None:
    rig.answers.says = lambda probe, target: NO
    async with rig.running(pod("web", container(readinessProbe=GET))):
        await rig.until(lambda: rig.status()["phase"] == "Running")
        await rig.settle(20)
        assert not rig.is_ready()
        assert rig.condition("ContainersReady")["message"] == "containers with unready status: [web]"
        assert rig.container()["started"] is True
        rig.answers.says = lambda probe, target: PASSED
        await rig.until(rig.is_ready, 5.5)
        rig.answers.says = lambda probe, target: NO
        await rig.settle(9)
        assert rig.is_ready()
        await rig.until(lambda: not rig.is_ready(), 7)
    assert rig.container()["restartCount"] == 0
    assert "Readiness probe failed: HTTP probe failed with statuscode: 500" in rig.said("Unhealthy")


async def test_who_is_not_alive_is_started_again(rig: Rig) -> None:
    async with rig.running(pod("web", container(livenessProbe=GET))):
        await rig.until(rig.is_ready)
        rig.answers.says = lambda probe, target: NO
        await rig.until(lambda: rig.calls("stop_container"), 16)
        rig.answers.says = lambda probe, target: PASSED
        await rig.until(lambda: rig.container()["restartCount"] == 1 and rig.is_ready(), 1)
    assert rig.said("Killing") == ["Container web failed liveness probe, will be restarted"]


async def test_a_probe_may_allow_less_time_to_end(rig: Rig) -> None:
    probe = {**GET, "terminationGracePeriodSeconds": 5}
    async with rig.running(pod("web", container(livenessProbe=probe))):
        await rig.until(rig.is_ready)
        rig.answers.says = lambda probe, target: NO
        await rig.until(lambda: rig.calls("stop_container"), 16)
    assert rig.calls("stop_container")[0] == ("stop_container", "web", "5", "")


async def test_who_has_not_started_is_not_asked_whether_it_lives(rig: Rig) -> None:
    startup = {"exec": {"command": ["started"]}, "periodSeconds": 1, "failureThreshold": 60}
    rig.answers.says = lambda probe, target: NO
    async with rig.running(pod("web", container(livenessProbe=GET, startupProbe=startup))):
        await rig.until(lambda: rig.status()["phase"] == "Running")
        await rig.settle(30)
        assert rig.container()["started"] is False
        assert not rig.calls("stop_container")
        rig.answers.says = lambda probe, target: PASSED
        await rig.until(rig.is_ready, 2)
        assert rig.container()["started"] is True


async def test_who_never_starts_is_started_again(rig: Rig) -> None:
    startup = {"exec": {"command": ["started"]}, "periodSeconds": 1, "failureThreshold": 3}
    rig.answers.says = lambda probe, target: NO
    async with rig.running(pod("web", container(startupProbe=startup))):
        await rig.until(lambda: rig.container().get("restartCount") == 1, 5)
    assert "Container web failed startup probe, will be restarted" in rig.said("Killing")


async def test_what_cannot_be_asked_changes_nothing(rig: Rig) -> None:
    async with rig.running(pod("web", container(livenessProbe=GET, readinessProbe=GET))):
        await rig.until(rig.is_ready)
        rig.answers.says = lambda probe, target: Outcome(Result.UNKNOWN, "no such port")
        await rig.settle(30)
        assert rig.is_ready()
    assert not rig.calls("stop_container")


async def test_a_restarted_agent_believes_what_was_known(rig: Rig) -> None:
    async with rig.running(pod("web", container(readinessProbe=GET, startupProbe=GET))):
        await rig.until(rig.is_ready)
    writes = len(rig.client.calls)
    async with rig.running():
        await rig.settle(1)
        assert rig.is_ready()
    assert not [call for call in rig.client.calls[writes:] if call.resource.resource == "pods"]


async def test_a_gate_is_waited_for(rig: Rig) -> None:
    async with rig.running(pod("web", container(), readinessGates=[{"conditionType": "example.com/in"}])):
        await rig.until(lambda: rig.condition("ContainersReady").get("status") == "True")
        assert rig.condition("Ready")["reason"] == "ReadinessGatesNotReady"
        gate = {"type": "example.com/in", "status": "True"}
        await rig.client.patch(PODS, "web", {"status": {"conditions": [gate]}}, "default", subresource="status")
        await rig.until(rig.is_ready)
        assert rig.condition("example.com/in")["status"] == "True"


async def test_hooks_run_when_it_has_started_and_before_it_ends(rig: Rig) -> None:
    hooks = {"postStart": {"exec": {"command": ["hello"]}}, "preStop": {"exec": {"command": ["bye"]}}}
    async with rig.running(pod("web", container(lifecycle=hooks))):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
    names = [call for call in rig.runtime.calls if call[0] in ("start_container", "execute", "stop_container")]
    assert names == [
        ("start_container", "web", "0"), ("execute", "web", "hello"), ("execute", "web", "bye"),
        ("stop_container", "web", "30", ""),
    ]  # fmt: skip


async def test_a_hook_that_fails_ends_the_container(rig: Rig) -> None:
    rig.runtime.answer = lambda run, command: Executed(1, b"oh no")
    hooks = {"postStart": {"exec": {"command": ["hello"]}}}
    async with rig.running(pod("web", container(lifecycle=hooks))):
        await rig.until(lambda: rig.container().get("restartCount") == 1, 3)
        rig.runtime.answer = lambda run, command: Executed(0, b"")
        await rig.until(rig.is_ready, 12)
    assert "PostStartHook failed" in rig.said("FailedPostStartHook")


async def test_a_pause_before_the_end_counts_for_the_grace_period(rig: Rig) -> None:
    hooks = {"preStop": {"sleep": {"seconds": 12}}}
    async with rig.running(pod("web", container(lifecycle=hooks), terminationGracePeriodSeconds=20)):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.settle(11)
        assert not rig.calls("stop_container")
        await rig.until(lambda: rig.pod() is None, 2)
    assert rig.calls("stop_container") == [("stop_container", "web", "8", "")]


async def test_a_hook_that_takes_too_long_is_given_up(rig: Rig) -> None:
    hooks = {"preStop": {"sleep": {"seconds": 3600}}}
    async with rig.running(pod("web", container(lifecycle=hooks), terminationGracePeriodSeconds=5)):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None, 8)
    assert rig.calls("stop_container") == [("stop_container", "web", "2", "")]
