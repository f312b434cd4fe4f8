"""Commands in containers, and their own streams, on an imagined machine."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import wait_until
from tests.unit.node.runtime.world import World, container, pod, world
from wherry.engine.runtime.fake import FakeExec, Life, ordinary
from wherry.kit.errors import Invalid, NotFound, Unavailable


def program(arguments: object) -> Life:
    """Besides the ordinary ones: ``flood`` says a lot."""
    words = list(arguments)  # type: ignore[call-overload]
    return Life([("stdout", b"x" * 9000), ("stderr", b"y" * 9000)]) if words == ["flood"] else ordinary(words)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as found:
        found.machine.tasks.program = program
        yield found


async def running(made: World, *command: str) -> str:
    sandbox = await made.pods.start_sandbox(pod())
    name = await made.pods.create_container(sandbox.id, container(*command))
    await made.pods.start_container(name)
    return name


def execs(made: World, name: str) -> list[FakeExec]:
    return list(made.machine.task(name).execs.values())


async def test_a_command_says_something_and_ends(made: World) -> None:
    name = await running(made, "server")
    done = await made.pods.execute(name, ["echo", "hi"], 5)
    assert (done.exit_code, done.output, done.timed_out) == (0, b"hi\n", False)
    assert (await made.pods.execute(name, ["exit", "3"], 0)).exit_code == 3


async def test_of_its_output_ten_kilobytes_are_kept(made: World) -> None:
    done = await made.pods.execute(await running(made, "server"), ["flood"], 5)
    assert len(done.output) == 10240 and done.output.count(b"y") == 1240


async def test_one_that_takes_too_long_is_killed(made: World) -> None:
    name = await running(made, "server")
    done = await made.pods.execute(name, ["server"], 0.01)
    assert (done.exit_code, done.timed_out) == (137, True)
    assert [one.signals for one in execs(made, name)] == [[9]]


async def test_one_that_cannot_be_run_has_failed_and_says_why(made: World) -> None:
    done = await made.pods.execute(await running(made, "server"), ["missing"], 5)
    assert done.exit_code == 126 and b"executable file not found" in done.output


async def test_in_what_does_not_run_nothing_is_run(made: World) -> None:
    name = await running(made, "true")
    await wait_until(lambda: made.pods.containers()[0].finished_ns)
    with pytest.raises(Unavailable):
        await made.pods.execute(name, ["true"], 5)
    with pytest.raises(NotFound):
        await made.pods.execute("nobody", ["true"], 5)


async def test_an_exec_that_is_left_is_killed_unless_it_has_ended(made: World) -> None:
    name = await running(made, "server")
    async with made.pods.open_exec(name, ["server"], tty=True, stdin=True) as streams:
        await streams.resize(80, 24)
        [one] = execs(made, name)
        assert one.sizes == [(24, 80)] and one.spec.open_stdin
    assert one.signals == [9]
    async with made.pods.open_exec(name, ["exit", "4"], tty=False, stdin=False) as streams:
        assert await streams.exit_code() == 4
        await streams.resize(1, 1)
    assert execs(made, name)[1].signals == []
    with pytest.raises(Invalid):
        async with made.pods.open_exec(name, ["missing"], tty=False, stdin=False):
            pass


async def test_what_a_container_says_is_heard_by_who_is_attached(made: World) -> None:
    name = await running(made, "server")
    async with made.pods.open_attach(name, stdin=False) as streams:
        made.machine.task(name).write("stderr", b"words")
        async for piece in streams.output():
            assert piece == (2, b"words")
            break
        await streams.resize(80, 24)
        assert made.machine.task(name).sizes == [(24, 80)]
        ending = asyncio.create_task(streams.exit_code())
        await made.pods.stop_container(name, 0)
        assert await ending == 143 or await ending == 137
    with pytest.raises(Unavailable, match="not running"):
        async with made.pods.open_attach(name, stdin=False):
            pass
    with pytest.raises(NotFound):
        async with made.pods.open_attach("nobody", stdin=False):
            pass
