"""Containers that end: when they start again, and what is said meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.node.pods.rig import Rig, container, pod
from wherry.kit.errors import Unavailable
from wherry.kube.machinery.model import Object
from wherry.node.pods.fake import Behaviour


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_a_container_that_ends_starts_again_at_once_and_then_ever_later(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.runtime.exit(rig.run_of(), 3)
        await rig.until(lambda: rig.container().get("restartCount") == 1)
        assert rig.container()["lastState"]["terminated"]["exitCode"] == 3
        for count, wait in ((2, 10), (3, 20), (4, 40)):
            rig.runtime.exit(rig.run_of(), 1)
            await rig.until(lambda: rig.waiting() == "CrashLoopBackOff")
            said = f"back-off {wait}s restarting failed container=web pod=web_default(uid-web)"
            assert rig.container()["state"]["waiting"]["message"] == said
            assert rig.container()["lastState"]["terminated"]["reason"] == "Error"
            assert rig.status()["phase"] == "Running"
            await rig.settle(wait - 1)
            assert rig.container()["restartCount"] == count - 1
            await rig.until(lambda count=count: rig.container()["restartCount"] == count, 1.5)  # type: ignore[misc]
    assert rig.said("BackOff") == ["Back-off restarting failed container web in pod web_default(uid-web)"]


async def test_who_ran_for_long_begins_anew(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.runtime.exit(rig.run_of(), 1)
        await rig.until(lambda: rig.container().get("restartCount") == 1)
        await rig.clock.advance(601)
        rig.runtime.exit(rig.run_of(), 1)
        await rig.until(lambda: rig.container().get("restartCount") == 2)


async def test_the_backoff_outlives_the_agent(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.runtime.exit(rig.run_of(), 1)
        await rig.until(lambda: rig.container().get("restartCount") == 1)
        rig.runtime.exit(rig.run_of(), 1)
        await rig.until(lambda: rig.waiting() == "CrashLoopBackOff")
    async with rig.running():
        await rig.settle(9)
        assert rig.waiting() == "CrashLoopBackOff"
        await rig.until(lambda: rig.container()["restartCount"] == 2, 1.5)


async def test_a_job_ends_well(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=5)
    async with rig.running(pod(restartPolicy="Never")):
        await rig.until(lambda: rig.status().get("phase") == "Succeeded", 6)
        await rig.until(lambda: not rig.runtime.sandboxes()[0].ready)
        assert rig.condition("Ready")["reason"] == "PodCompleted"
        assert rig.container()["state"]["terminated"]["reason"] == "Completed"
        assert rig.container()["restartCount"] == 0
        place = rig.agent.place("default", "web")
    assert place is not None
    assert place.containers["web"].log  # kept, for who asks how it went


async def test_a_job_that_fails_has_failed(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=0, exit_code=7)
    async with rig.running(pod(restartPolicy="Never")):
        await rig.until(lambda: rig.status().get("phase") == "Failed")
        assert rig.condition("Ready")["reason"] == "PodFailed"
        assert rig.container()["state"]["terminated"]["exitCode"] == 7


async def test_on_failure_means_until_it_succeeds(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=0, exit_code=1 if spec.attempt == 0 else 0)
    async with rig.running(pod(restartPolicy="OnFailure")):
        await rig.until(lambda: rig.status().get("phase") == "Succeeded", 12)
        assert rig.container()["restartCount"] == 1


async def test_finished_pods_stay_finished_after_a_restart_of_the_agent(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=0)
    async with rig.running(pod(restartPolicy="Never")):
        await rig.until(lambda: rig.status().get("phase") == "Succeeded")
        await rig.settle(1)
    calls = list(rig.runtime.calls)
    async with rig.running():
        await rig.settle(5)
        assert rig.status()["phase"] == "Succeeded"
    assert rig.runtime.calls == calls


async def test_a_rule_of_the_container_counts_before_the_policy_of_the_pod(rig: Rig) -> None:
    rule = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=0, exit_code=42 if spec.attempt == 0 else 1)
    picky = container(restartPolicy="Never", restartPolicyRules=[rule])
    async with rig.running(pod("web", picky, restartPolicy="Never")):
        await rig.until(lambda: rig.status().get("phase") == "Failed", 12)
        assert rig.container()["restartCount"] == 1


async def test_one_of_two_may_end_and_the_pod_goes_on(rig: Rig) -> None:
    async with rig.running(pod("web", container(), container("side"), restartPolicy="Never")):
        await rig.until(rig.is_ready)
        rig.runtime.exit(rig.run_of("side"), 0)
        await rig.until(lambda: not rig.is_ready())
        assert rig.condition("Ready")["message"] == "containers with unready status: [side]"
        assert rig.status()["phase"] == "Running"
        rig.runtime.exit(rig.run_of(), 0)
        await rig.until(lambda: rig.status()["phase"] == "Succeeded")


async def test_old_runs_are_let_go(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        for count in range(1, 4):
            rig.runtime.exit(rig.run_of(), 1)
            await rig.until(lambda count=count: rig.container()["restartCount"] == count, 50)  # type: ignore[misc]
        await rig.until(lambda: [each.attempt for each in rig.runtime.containers()] == [2, 3])


async def test_after_a_restart_of_the_machine_there_is_another_sandbox(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.runtime.lose(rig.runtime.sandboxes()[0].id)
        await rig.until(lambda: rig.container().get("restartCount") == 1 and rig.is_ready(), 1.5)
        await rig.until(lambda: [each.spec.attempt for each in rig.runtime.sandboxes()] == [1])
    assert "Pod sandbox changed, it will be killed and re-created." in rig.said("SandboxChanged")


async def test_what_must_not_run_twice_does_not_run_in_another_sandbox(rig: Rig) -> None:
    async with rig.running(pod(restartPolicy="Never")):
        await rig.until(rig.is_ready)
        rig.runtime.lose(rig.runtime.sandboxes()[0].id)
        await rig.until(lambda: rig.status()["phase"] == "Failed", 1.5)
    assert len(rig.calls("start_sandbox")) == 1


async def test_another_image_is_another_container(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.update(containers=[container(image="demo:2")])
        await rig.until(lambda: rig.container().get("image") == "demo:2" and rig.is_ready())
        assert rig.container()["restartCount"] == 1
    assert "Container web definition changed, will be restarted" in rig.said("Killing")


async def test_a_pod_has_a_deadline(rig: Rig) -> None:
    async with rig.running(pod(activeDeadlineSeconds=60)):
        await rig.until(rig.is_ready)
        await rig.settle(59)
        assert rig.is_ready()
        await rig.until(lambda: rig.status()["phase"] == "Failed", 2)
        assert rig.status()["reason"] == "DeadlineExceeded"
        assert rig.status()["message"] == "Pod was active on the node longer than the specified deadline"


ALL = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}]


async def test_all_containers_begin_anew_when_one_asks_for_it(rig: Rig) -> None:
    """Also those that were done, and though the pod says never; in the same sandbox."""
    wanted = pod("web", container(restartPolicyRules=ALL), container("helper"), restartPolicy="Never")
    wanted["spec"]["initContainers"] = [container("setup")]
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=1) if spec.name == "setup" else Behaviour()
    seen = set[str]()
    patch = rig.client.patch

    async def watched(*given: Any, **named: Any) -> Object:
        seen.add(rig.condition("AllContainersRestarting").get("status", ""))
        return await patch(*given, **named)

    async with rig.running(wanted):
        await rig.until(rig.is_ready, 5)
        assert rig.condition("AllContainersRestarting")["status"] == "False"
        rig.client.patch = watched  # type: ignore[method-assign]
        sandboxes = rig.runtime.sandboxes()
        rig.runtime.exit(rig.run_of(), 42)
        await rig.until(lambda: rig.container("helper").get("restartCount") == 1 and rig.is_ready(), 10)
        assert rig.container()["restartCount"] == 1
        assert rig.container()["lastState"]["terminated"]["exitCode"] == 42
        (setup,) = rig.status()["initContainerStatuses"]
        assert (setup["restartCount"], setup["ready"]) == (1, True)
        assert rig.condition("AllContainersRestarting")["status"] == "False" and "True" in seen
        assert rig.runtime.sandboxes() == sandboxes
        rig.runtime.exit(rig.run_of(), 42)  # again: now it has to wait
        await rig.until(lambda: rig.waiting() == "CrashLoopBackOff", 5)
        assert rig.container("helper")["restartCount"] == 1 and not rig.is_ready()
        await rig.until(lambda: rig.is_ready() and rig.container()["restartCount"] == 2, 15)
        rig.runtime.exit(rig.run_of(), 1)
        rig.runtime.exit(rig.run_of("helper"), 0)
        await rig.until(lambda: rig.status()["phase"] == "Failed", 5)
        assert rig.condition("AllContainersRestarting")["reason"] == "PodFailed"


async def test_an_agent_that_comes_in_between_goes_on_with_it(rig: Rig) -> None:
    async with rig.running(pod("web", container(restartPolicyRules=ALL), container("helper"), restartPolicy="Never")):
        await rig.until(rig.is_ready)
        run = rig.run_of()
        rig.runtime.fault = lambda call: Unavailable("not now") if call[0] == "remove_container" else None
        rig.runtime.exit(run, 42)
        await rig.until(lambda: rig.condition("AllContainersRestarting")["status"] == "True", 5)
    rig.runtime.fault = lambda call: None
    async with rig.running():
        await rig.until(lambda: rig.container("helper").get("restartCount") == 1 and rig.is_ready(), 10)
        assert rig.condition("AllContainersRestarting")["status"] == "False"
        assert rig.container()["restartCount"] == 1
