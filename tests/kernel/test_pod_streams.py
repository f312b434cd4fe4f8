"""Talking to containers of pods: probes' commands, kubectl's exec and attach, images, all at once."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kernel.podbench import PodBench
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.node.pods.runtime import ContainerSpec, Sandbox, State, Streams


@pytest.fixture
async def bench() -> AsyncIterator[PodBench]:
    bench = await PodBench().up()
    try:
        yield bench
    finally:
        left = await bench.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
async def pod(bench: PodBench) -> Sandbox:
    return await bench.sandbox()


@pytest.fixture
async def sleeper(bench: PodBench, pod: Sandbox) -> str:
    return await bench.container(pod, "sleep", "1000", name="sleeper")


async def everything(streams: Streams) -> dict[int, bytes]:
    said = {1: b"", 2: b""}
    async for number, data in streams.output():
        said[number] += data
    return said


async def test_a_command_says_something_and_ends(bench: PodBench, sleeper: str) -> None:
    done = await bench.pods.execute(sleeper, ["sh", "-c", "echo out; echo err >&2; exit 4"], 60)
    assert (done.exit_code, done.timed_out) == (4, False)
    assert sorted(done.output.split()) == [b"err", b"out"]


async def test_a_command_that_cannot_be_run_has_failed(bench: PodBench, sleeper: str) -> None:
    done = await bench.pods.execute(sleeper, ["nosuch"], 60)
    assert done.exit_code == 126 and b"executable file not found" in done.output
    with pytest.raises(NotFound):
        await bench.pods.execute("nobody", ["true"], 60)


async def test_a_command_in_a_container_that_does_not_run_may_work_later(bench: PodBench, pod: Sandbox) -> None:
    made = await bench.pods.create_container(pod.id, ContainerSpec("c", bench.image, command=("true",)))
    with pytest.raises(Unavailable, match="not running"):
        await bench.pods.execute(made, ["true"], 60)


async def test_a_command_that_takes_too_long_is_killed(bench: PodBench, sleeper: str) -> None:
    done = await bench.pods.execute(sleeper, ["sh", "-c", "echo begun; exec sleep 777"], 0.3)
    assert done.timed_out and done.output == b"begun\n"
    await _gone(bench, sleeper, "sleep 777")


async def _gone(bench: PodBench, container: str, words: str) -> None:
    async with asyncio.timeout(60):
        while words in await bench.shell(container, "ps -o args"):  # noqa: ASYNC110  # seen inside
            await asyncio.sleep(0.01)


async def test_whoever_asks_may_be_cancelled(bench: PodBench, sleeper: str) -> None:
    for pause in (0.0, 0.005, 0.02, 0.1):
        task = asyncio.create_task(bench.pods.execute(sleeper, ["sleep", "778"], 100))
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await _gone(bench, sleeper, "sleep 778")


async def test_of_much_output_little_is_kept(bench: PodBench, sleeper: str) -> None:
    done = await bench.pods.execute(sleeper, ["sh", "-c", "head -c 5000000 /dev/zero; exit 3"], 60)
    assert (done.exit_code, len(done.output)) == (3, 10 << 10)


async def test_input_of_many_megabytes_comes_back(bench: PodBench, sleeper: str) -> None:
    data = os.urandom(1 << 20) * 10
    async with bench.pods.open_exec(sleeper, ["cat"], tty=False, stdin=True) as streams:
        reading = asyncio.create_task(everything(streams))
        await streams.write(data)
        await streams.close_input()
        said = await reading
        assert await streams.exit_code() == 0
    assert said == {1: data, 2: b""}


async def test_both_outputs_are_told_apart(bench: PodBench, sleeper: str) -> None:
    script = "echo one; echo two >&2; exit 9"
    async with bench.pods.open_exec(sleeper, ["sh", "-c", script], tty=False, stdin=False) as streams:
        assert await everything(streams) == {1: b"one\n", 2: b"two\n"}
        assert await streams.exit_code() == 9


async def test_a_terminal_is_one_and_can_be_resized(bench: PodBench, sleeper: str) -> None:
    script = "tty; read x; stty size; echo $x"
    async with bench.pods.open_exec(sleeper, ["sh", "-c", script], tty=True, stdin=True) as streams:
        await streams.resize(120, 40)
        await streams.close_input()  # means nothing to a terminal
        await streams.write(b"\x10\x11typed\n")  # ctrl-p, ctrl-q: Docker would detach
        said = await everything(streams)
        assert await streams.exit_code() == 0
    assert b"/dev/pts/" in said[1] and b"40 120\r\n" in said[1] and b"typed\r\n" in said[1]


async def test_what_still_runs_ends_when_it_is_left(bench: PodBench, sleeper: str) -> None:
    async with bench.pods.open_exec(sleeper, ["sleep", "779"], tty=False, stdin=False):
        assert "sleep 779" in await bench.shell(sleeper, "ps -o args")
    await _gone(bench, sleeper, "sleep 779")


async def test_a_command_that_cannot_be_run_is_not_opened(bench: PodBench, sleeper: str) -> None:
    with pytest.raises(Invalid, match="executable file not found"):
        async with bench.pods.open_exec(sleeper, ["nosuch"], tty=False, stdin=False):
            pass


async def test_attached_to_a_container_one_hears_and_speaks(bench: PodBench, pod: Sandbox) -> None:
    script = "while read x; do echo got $x; done; exit 6"
    container = await bench.container(pod, "sh", "-c", script, stdin=True, stdin_once=True)
    async with bench.pods.open_attach(container, stdin=True) as streams:
        await streams.write(b"a\nb\n")
        await streams.close_input()
        assert (await everything(streams))[1] == b"got a\ngot b\n"
        assert await streams.exit_code() == 6
    assert bench.state(container).exit_code == 6


async def test_whoever_leaves_leaves_the_container_running(bench: PodBench, pod: Sandbox) -> None:
    container = await bench.container(pod, "sh", "-c", "while read x; do echo got $x; done", stdin=True)
    for word in (b"one", b"two"):
        async with bench.pods.open_attach(container, stdin=True) as streams:
            await streams.write(word + b"\n")
            await streams.close_input()  # others may have more to say
            async for _, data in streams.output():
                assert data == b"got " + word + b"\n"
                break
    assert bench.state(container).state is State.RUNNING
    await bench.pods.stop_container(container, 0)
    with pytest.raises(Unavailable):
        async with bench.pods.open_attach(container, stdin=False):
            pass


# Images


async def test_an_image_that_was_made_here_is_there_without_a_registry(bench: PodBench) -> None:
    image = await bench.image_with("USER 7", name="mine:1")
    found = await bench.pods.ensure_image("mine:1", pull=True)
    assert (found.id, found.user, found.names) == (image, "7", ("docker.io/library/mine:1",))
    name, _, digest = found.reference.partition("@")
    assert name == "docker.io/library/mine" and digest.startswith("sha256:")
    for reference in (found.reference, f"mine@{digest}", f"mine:1@{digest}", "library/mine:1", image):
        assert (await bench.pods.ensure_image(reference, pull=False)).id == image, reference
    assert bench.pods.image(f"other@{digest}") is None
    assert bench.pods.image(image[7:20]) is None, "a short name is no id"
    assert image in {one.id for one in bench.pods.images()}
    with pytest.raises(Invalid):
        await bench.pods.ensure_image("Upper/Case", pull=False)


async def test_a_registry_that_does_not_answer_may_do_so_later(bench: PodBench) -> None:
    with pytest.raises(Unavailable):
        await bench.pods.ensure_image("127.0.0.1:9/none:1", pull=False)


# All at once


async def test_forty_pods_at_once(bench: PodBench) -> None:
    async def one(number: int) -> str:
        pod = await bench.sandbox(f"n{number}")
        return await bench.container(pod, "sleep", "1000")

    begun = time.monotonic()
    containers = await asyncio.gather(*(one(number) for number in range(40)))
    print(f"40 pods in {time.monotonic() - begun:.2f} s")
    assert all(bench.state(each).state is State.RUNNING for each in containers)
    addresses = {pod.ips[0] for pod in bench.pods.sandboxes()}
    assert len(addresses) == 40
    await asyncio.gather(*(bench.pods.remove_sandbox(pod.id) for pod in bench.pods.sandboxes()))
    assert not bench.pods.containers() and not list(Path(bench.instance.sandboxes).iterdir())
