"""The agent from the API to the runtime and back."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import Rig, container, pod
from wherry.kit.errors import Unavailable
from wherry.kube.machinery.model import Object
from wherry.node.pods.runtime import Sandbox, SandboxSpec
from wherry.node.pods.view import PODS


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_a_pod_that_is_bound_here_runs_and_is_ready(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        status = rig.status()
    assert status["phase"] == "Running"
    assert status["podIP"] == "10.0.0.2"
    assert status["hostIP"] == "192.0.2.1"
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "PodReadyToStartContainers": "True", "Initialized": "True", "Ready": "True", "ContainersReady": "True",
        "PodScheduled": "True",
    }  # fmt: skip
    (found,) = status["containerStatuses"]
    assert found["ready"]
    assert found["containerID"] == f"wherry://{rig.run_of()}"
    assert list(found["state"]) == ["running"]


async def test_a_plain_pod_is_told_of_in_one_write(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.settle(2)
        writes = [call for call in rig.client.calls if call.subresource == "status" and call.name == "web"]
    assert len(writes) == 1


async def test_a_pod_that_is_deleted_ends_and_goes(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
        await rig.until(lambda: not rig.agent.places())
    assert rig.runtime.sandboxes() == []
    assert ("stop_container", "web", "30", "") in rig.runtime.calls
    names = [call[0] for call in rig.runtime.calls]
    assert names.index("stop_container") < names.index("stop_sandbox") < names.index("remove_sandbox")


async def test_who_keeps_something_of_a_pod_is_told_when_nothing_is_left_of_it(rig: Rig) -> None:
    gone: list[str] = []
    rig.parts["gone"] = lambda pod: gone.append(f"{pod['metadata']['name']} {len(rig.runtime.sandboxes())}")
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        assert not gone
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: gone, seconds=40)
        assert gone == ["web 0"]


async def test_a_restarted_agent_disturbs_no_pod(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
    before, calls = rig.run_of(), list(rig.runtime.calls)
    writes = len(rig.client.calls)
    async with rig.running():
        await rig.settle(30)
        assert rig.is_ready()
    assert rig.run_of() == before
    assert rig.runtime.calls == calls
    assert not [call for call in rig.client.calls[writes:] if call.resource.resource == "pods"]


@pytest.mark.parametrize("how", ["it is gone", "it ends", "it runs"])
async def test_nobody_is_led_to_what_is_not_there_any_more(rig: Rig, how: str) -> None:
    """The agent was killed, and the API with it: it still says that the pod is ready."""
    drained: list[str] = []

    async def drain(pod: Object) -> None:
        drained.append(pod["metadata"]["name"])

    async with rig.running(pod()):
        await rig.until(rig.is_ready)
    rig.parts["drain"] = drain
    if how == "it is gone":
        for sandbox in rig.runtime.sandboxes():
            await rig.runtime.remove_sandbox(sandbox.id)
    elif how == "it ends":
        await rig.client.delete(PODS, "web", "default")
    async with rig.running():
        await rig.settle()
        assert bool(drained) == (how != "it runs")


async def test_what_is_shown_of_pods_is_waited_for_until_it_is_true(rig: Rig) -> None:
    """The machine went down, and the API says what was before."""
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
    before = rig.container()["containerID"]
    for sandbox in rig.runtime.sandboxes():
        await rig.runtime.remove_sandbox(sandbox.id)
    rig.client.fault = lambda call: Unavailable("no") if call.subresource == "status" else None
    async with rig.running():
        spoken = asyncio.create_task(rig.agent.spoken())
        await rig.settle(3)
        assert (rig.container()["containerID"], rig.container()["ready"]) == (before, True)
        assert not spoken.done()
        rig.client.fault = lambda call: None
        await rig.until(spoken.done, 20)
        assert (rig.container()["containerID"], rig.container()["ready"]) != (before, True)


async def test_pods_of_which_there_is_nothing_to_say_are_not_waited_for(rig: Rig) -> None:
    """One runs as the API says, one has ended, one is new and takes its time."""
    ended = {**pod("ended"), "status": {"phase": "Succeeded"}}
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
    rig.client.fault = lambda call: Unavailable("no") if call.subresource == "status" else None

    async def never(spec: SandboxSpec) -> Sandbox:
        await asyncio.Event().wait()
        raise AssertionError

    rig.runtime.start_sandbox = never  # type: ignore[method-assign]
    async with rig.running(ended, pod("new")):
        spoken = asyncio.create_task(rig.agent.spoken())
        await rig.until(spoken.done)


async def test_what_nobody_knows_any_more_ends(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
    other = Rig(rig.options.directory)
    other.runtime = rig.runtime
    async with other.running():
        await other.until(lambda: not other.runtime.sandboxes())
        assert not other.agent.places()


async def test_several_containers(rig: Rig) -> None:
    async with rig.running(pod("two", container("b"), container("a"))):
        await rig.until(lambda: rig.is_ready("two"))
        assert [each["name"] for each in rig.status("two")["containerStatuses"]] == ["a", "b"]


async def test_what_an_earlier_agent_left_of_pods_that_are_gone_goes(rig: Rig) -> None:
    left = rig.options.directory / "uid-gone" / "volumes" / "v"
    left.mkdir(parents=True)
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.until(lambda: not left.parent.parent.exists())


async def test_an_agent_that_has_ended_listens_no_more(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        assert len(rig.runtime._listeners) == 1
    assert rig.runtime._listeners == []


async def test_a_pod_that_comes_while_the_agent_leaves_is_let_go_of_as_well(rig: Rig) -> None:
    """Each of them has a step under way that takes its time to be given up."""
    under_way: list[str] = []

    async def start(spec: SandboxSpec) -> Sandbox:
        under_way.append(spec.name)
        try:
            await asyncio.Event().wait()
        finally:
            if spec.name == "web":
                rig.client.put(pod("late"))
                for _ in range(50):
                    await asyncio.sleep(0)
            under_way.remove(spec.name)
        raise AssertionError

    rig.runtime.start_sandbox = start  # type: ignore[method-assign]
    async with rig.running(pod("web"), pod("other")):
        await rig.until(lambda: len(under_way) == 2)
    assert not under_way


async def test_as_whom_a_container_runs_is_told(rig: Rig) -> None:
    rig.runtime.user = "1000:50"
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        assert rig.container()["user"] == {"linux": {"uid": 1000, "gid": 50, "supplementalGroups": [50]}}


async def test_without_an_api_nobody_is_disturbed(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
    calls = list(rig.runtime.calls)
    rig.client.fault = lambda call: Unavailable("nobody answers")
    async with rig.running(wait=False):
        await rig.settle(100)
        assert rig.runtime.calls == calls
        rig.client.fault = lambda call: None
        await rig.until(rig.agent.ready.is_set, 60)
        await rig.settle(5)
        assert rig.is_ready()
    assert rig.runtime.calls == calls
