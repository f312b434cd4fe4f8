"""The runtime that runs nothing."""

import asyncio

import pytest

from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.node.pods.composing.containers import FAKE, ROLE
from wherry.node.pods.fake import Addresses, Behaviour, FakeRuntime, Found
from wherry.node.pods.runtime import ContainerSpec, Limits, Sandbox, SandboxSpec, State


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.runtime = FakeRuntime(self.clock)
        self.told: list[str] = []
        self.runtime.subscribe(self.told.append)

    async def sandbox(self, uid: str = "u", attempt: int = 0) -> Sandbox:
        return await self.runtime.start_sandbox(SandboxSpec(uid, "default", uid, uid, attempt))

    async def container(self, **notes: str) -> str:
        made = await self.sandbox()
        found = await self.runtime.create_container(made.id, ContainerSpec("web", "demo:1", annotations=notes))
        await self.runtime.start_container(found)
        return found

    def state(self) -> State:
        return self.runtime.containers()[-1].state


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_what_is_asked_twice_is_done_once(bench: Bench) -> None:
    assert await bench.sandbox() == await bench.sandbox()
    assert (await bench.sandbox(attempt=1)).id != (await bench.sandbox()).id
    assert len({each.ips for each in bench.runtime.sandboxes()}) == 2


async def test_a_container_runs_until_it_is_stopped(bench: Bench) -> None:
    found = await bench.container()
    await bench.clock.advance(10**6)
    assert bench.state() is State.RUNNING
    assert bench.runtime.usage(found) is not None
    await bench.runtime.stop_container(found, 30)
    await bench.runtime.stop_container(found, 30)
    assert bench.state() is State.EXITED
    assert bench.runtime.usage(found) is None
    assert bench.told


@pytest.mark.parametrize(
    ("notes", "seconds", "code"),
    [
        ({FAKE + "run-seconds": "5"}, 5, 0), ({FAKE + "exit-code": "3"}, 0, 3),
        ({FAKE + "run-seconds.web": "7", FAKE + "run-seconds": "1", FAKE + "exit-code": "2"}, 7, 2),
        ({ROLE: "INIT"}, 0, 0),
    ],
)  # fmt: skip
async def test_annotations_say_otherwise(bench: Bench, notes: dict[str, str], seconds: int, code: int) -> None:
    await bench.container(**notes)
    if seconds:
        await bench.clock.advance(seconds - 0.1)
        assert bench.state() is State.RUNNING
    await bench.clock.advance(0.2)
    (found,) = bench.runtime.containers()
    assert (found.state, found.exit_code) == (State.EXITED, code)


async def test_annotations_that_make_no_sense_say_nothing(bench: Bench) -> None:
    await bench.container(**{FAKE + "run-seconds": "soon"})
    await bench.clock.advance(100)
    assert bench.state() is State.RUNNING


async def test_who_does_not_listen_is_killed(bench: Bench) -> None:
    bench.runtime.behave = lambda spec: Behaviour(stop_seconds=100)
    found = await bench.container()
    stopping = asyncio.create_task(bench.runtime.stop_container(found, 5))
    await bench.clock.advance(5)
    await stopping
    assert bench.runtime.containers()[0].exit_code == 137


async def test_who_cannot_start(bench: Bench) -> None:
    bench.runtime.behave = lambda spec: Behaviour(start_error="no such file")
    with pytest.raises(Invalid, match="no such file"):
        await bench.container()
    (found,) = bench.runtime.containers()
    assert (found.state, found.reason, found.message) == (State.EXITED, "StartError", "no such file")


async def test_a_sandbox_that_was_stopped_keeps_what_was_in_it(bench: Bench) -> None:
    await bench.container()
    (made,) = bench.runtime.sandboxes()
    await bench.runtime.stop_sandbox(made.id)
    (stopped,) = bench.runtime.sandboxes()
    assert (stopped.ready, stopped.ips, bench.state()) == (False, (), State.EXITED)
    with pytest.raises(Unavailable):
        await bench.runtime.create_container(made.id, ContainerSpec("web", "demo:1", 1))
    await bench.runtime.remove_sandbox(made.id)
    await bench.runtime.remove_sandbox(made.id)
    assert not bench.runtime.sandboxes()
    assert not bench.runtime.containers()


async def test_images(bench: Bench) -> None:
    bench.runtime.has_all_images = False
    bench.runtime.missing = {"none:1"}
    assert bench.runtime.image("demo:1") is None
    found = await bench.runtime.ensure_image("demo:1", False)
    assert bench.runtime.image("demo:1") == found
    assert bench.runtime.images() == [found]
    with pytest.raises(NotFound):
        await bench.runtime.ensure_image("none:1", True)


async def test_faults(bench: Bench) -> None:
    bench.runtime.fault = lambda call: Unavailable("no") if call[0] == "start_sandbox" else None
    with pytest.raises(Unavailable):
        await bench.sandbox()


async def test_limits_are_kept(bench: Bench) -> None:
    found = await bench.container()
    await bench.runtime.set_limits(found, Limits(memory_bytes=5))
    await bench.runtime.set_sandbox_limits(bench.runtime.sandboxes()[0].id, Limits(memory_bytes=6))
    assert sorted(each.memory_bytes or 0 for each in bench.runtime.limits.values()) == [5, 6]


def test_addresses_differ_between_nodes() -> None:
    found = {Addresses(second, third).number(count) for second in range(3) for third in (0, 1) for count in range(50)}
    assert len(found) == 300


async def test_it_takes_its_time_to_start(bench: Bench) -> None:
    made = await bench.sandbox()
    found = await bench.runtime.create_container(
        made.id, ContainerSpec("web", "demo:1", annotations={FAKE + "start-seconds": "3"})
    )
    starting = asyncio.ensure_future(bench.runtime.start_container(found))
    await bench.clock.advance(2)
    assert bench.state() is State.CREATED
    await bench.clock.advance(2)
    await starting
    assert bench.state() is State.RUNNING


async def test_an_address_is_given_again_when_it_has_been_given_back(bench: Bench) -> None:
    first, second = await bench.sandbox("a"), await bench.sandbox("b")
    await bench.runtime.stop_sandbox(first.id)
    third, fourth = await bench.sandbox("c"), await bench.sandbox("d")
    assert third.ips == first.ips
    assert fourth.ips not in (first.ips, second.ips)


async def test_what_another_had_is_found(bench: Bench) -> None:
    """What runs ends when it would have ended there."""
    await bench.container(**{FAKE + "run-seconds": "10"})
    (sandbox,), (run,) = bench.runtime.sandboxes(), bench.runtime.containers()
    await bench.clock.advance(6)
    other = FakeRuntime(bench.clock, forgets=True)
    other.find(Found(sandbox, [(run, bench.runtime.specs[run.id])]))
    assert (list(other.sandboxes()), list(other.containers(sandbox.id))) == ([sandbox], [run])
    assert (await other.start_sandbox(SandboxSpec("other", "default", "other", "other"))).ips != sandbox.ips
    await bench.clock.advance(3)
    assert other.containers()[0].state is State.RUNNING
    await bench.clock.advance(2)
    assert other.containers()[0].state is State.EXITED
    assert not other.calls
