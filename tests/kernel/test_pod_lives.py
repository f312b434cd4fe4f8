"""How containers of pods live and end, and who is told: on the real kernel."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.kernel import census
from tests.kernel.podbench import PodBench, settled
from tests.ports import quiet_port
from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import PortMapping, State


@pytest.fixture
async def bench() -> AsyncIterator[PodBench]:
    bench = await PodBench().up()
    try:
        yield bench
    finally:
        left = await bench.close()
    assert not left, "left behind:\n" + "\n".join(left)


async def test_it_says_how_it_ended(bench: PodBench) -> None:
    pod = await bench.sandbox()
    well = await bench.ended(await bench.container(pod, "true"))
    badly = await bench.ended(await bench.container(pod, "sh", "-c", "exit 3", attempt=1))
    assert (well.state, well.reason, well.exit_code, well.name, well.attempt) == (
        State.EXITED,
        "Completed",
        0,
        "main",
        0,
    )
    assert (badly.reason, badly.exit_code, badly.attempt) == ("Error", 3, 1)
    assert badly.created_ns <= badly.started_ns <= badly.finished_ns
    with pytest.raises(Invalid, match="executable file not found"):
        await bench.container(pod, "nosuch", attempt=2)
    never = next(one for one in bench.pods.containers(pod.id) if one.attempt == 2)
    assert (never.state, never.reason, never.exit_code) == (State.EXITED, "StartError", 128)
    assert "executable file not found" in never.message and never.finished_ns >= never.created_ns


async def test_ends_of_meanwhile_are_found(bench: PodBench) -> None:
    pod = await bench.sandbox()
    goes_on = await bench.container(pod, "sleep", "1000")
    ends = await bench.container(pod, "sh", "-c", "sleep 0.3; exit 7", name="side", labels={"a": "b"})
    await bench.down()
    await settled((bench.instance.containers / ends / "exit.json").exists)
    await bench.up()
    assert bench.state(goes_on).state is State.RUNNING
    found = await bench.ended(ends)  # its shim may be about to go
    assert (found.state, found.exit_code, found.labels, found.sandbox) == (State.EXITED, 7, {"a": "b"}, pod.id)


async def test_a_stop_asks_and_then_insists(bench: PodBench) -> None:
    pod = await bench.sandbox()
    asked = await bench.container(pod, "sh", "-c", "trap 'exit 5' TERM; echo on; while :; do sleep 0.05; done")
    await bench.until(asked, "on")
    await bench.pods.stop_container(asked, 60)
    assert bench.state(asked).exit_code == 5
    other = await bench.container(
        pod, "sh", "-c", "trap 'exit 6' USR1; echo on; while :; do sleep 0.05; done", attempt=1
    )
    await bench.until(other, "on")
    await bench.pods.stop_container(other, 60, "SIGUSR1")
    assert bench.state(other).exit_code == 6
    deaf = await bench.container(pod, "sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.05; done", attempt=2)
    await bench.until(deaf, "on")
    await bench.pods.stop_container(deaf, 0.2)
    assert bench.state(deaf).exit_code == 137


async def test_a_stopped_sandbox_keeps_its_containers_and_their_logs(bench: PodBench) -> None:
    pod = await bench.sandbox()
    container = await bench.container(pod, "sh", "-c", "echo last words; exec sleep 1000")
    await bench.until(container, "last words")
    for _ in range(2):
        await bench.pods.stop_sandbox(pod.id)
    [found] = bench.pods.sandboxes()
    assert (found.id, found.ready, found.ips) == (pod.id, False, ())
    assert bench.state(container).state is State.EXITED
    assert "last words" in bench.log(bench.state(container).log)
    assert not bench.cgroup("memory", "kubepods/besteffort/podu1").exists()
    await bench.pods.remove_sandbox(pod.id)
    assert not bench.pods.containers()


async def test_changes_are_told(bench: PodBench) -> None:
    told: list[str] = []
    end = bench.pods.subscribe(told.append)
    pod = await bench.sandbox()
    for step in range(4):
        told.clear()
        if step == 0:
            container = await bench.container(pod, "sleep", "1000")
        elif step == 1:
            os.kill(bench.state(container).pid, 9)
        elif step == 2:
            await bench.pods.remove_container(container)
        else:
            await bench.pods.remove_sandbox(pod.id)
        await settled(lambda: pod.id in told)
    end()
    told.clear()
    await bench.sandbox("u2")
    assert not told


async def test_docker_shows_them_and_prune_leaves_them_alone(bench: PodBench) -> None:
    pod = await bench.sandbox()
    container = await bench.container(pod, "true", labels={"app": "web"})
    await bench.ended(container)
    [shown] = bench.engine.containers.list(all=True)
    assert shown["Names"] == ["/k8s_main_pod-u1_default_u1_0"]
    assert shown["HostConfig"]["NetworkMode"] == f"container:{pod.id}"
    wanted = {
        "app": "web",
        "io.kubernetes.pod.name": "pod-u1",
        "io.kubernetes.pod.namespace": "default",
        "io.kubernetes.pod.uid": "u1",
        "io.kubernetes.container.name": "main",
        "io.kubernetes.sandbox.id": pod.id,
    }
    assert shown["Labels"] == wanted
    assert bench.engine.containers.inspect(container)["Config"]["Labels"] == wanted
    assert (await bench.engine.containers.prune({})).ids == []
    assert bench.state(container).id == container


async def test_the_instances_end_is_the_pods(bench: PodBench) -> None:
    pod = await bench.sandbox(share_processes=True, ports=(PortMapping(80, quiet_port()),))
    container = await bench.container(pod, "sleep", "1000")
    await bench.sandbox("u2", user_namespace=False)
    await bench.pods.close()
    await bench.engine.tear_down()

    def left() -> list[str]:
        return [line for line in census.take(bench.instance).since(bench.before) if not line.startswith("files: ")]

    await settled(lambda: not left())
    await bench.up()
    assert [one.ready for one in bench.pods.sandboxes()] == [False, False]
    assert bench.state(container).state is State.EXITED
