"""Whose turn it is."""

import asyncio

import pytest

from tests.unit.kube.scheduler.objects import node, pod, read
from wherry.kube.client.clock import FakeClock
from wherry.kube.scheduler.happenings import Change, Happening
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.options import Options
from wherry.kube.scheduler.queue import EARLY, FLUSH_SECONDS, SchedulingQueue, State
from wherry.kube.scheduler.refusals import Plugin

RESOURCES = frozenset({Plugin.RESOURCES})
TAINTS = frozenset({Plugin.TAINTS})
GATED = {"schedulingGates": [{"name": "example.com/wait"}]}


class Rig:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.queue = SchedulingQueue(self.clock, Options(), lambda namespace: {})

    async def add(self, *names: str, **more: object) -> None:
        for name in names:
            self.queue.add(read(pod(name, **more)))
            await self.clock.advance(0.001)

    async def pop(self) -> str | None:
        """None: nobody's turn."""
        task = asyncio.ensure_future(self.queue.pop())
        for _ in range(5):
            await asyncio.sleep(0)
        if task.done():
            return task.result().name
        task.cancel()
        return None

    def state(self, name: str) -> State | None:
        return self.queue.state(f"uid-default-{name}")

    def refuse(self, name: str, plugins: frozenset[Plugin] = RESOURCES) -> None:
        self.queue.refuse(f"uid-default-{name}", plugins)

    def fail(self, name: str) -> None:
        self.queue.fail(f"uid-default-{name}")

    def went(self) -> None:
        self.queue.happened(Happening(Change.POD_WENT, pod=read(pod("gone"))))


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_turns_come_by_priority_then_by_time(rig: Rig) -> None:
    await rig.add("a", "b")
    await rig.add("urgent", priority=10)
    await rig.add("c")
    assert [await rig.pop() for _ in range(5)] == ["urgent", "a", "b", "c", None]


async def test_who_waits_for_a_turn_gets_the_next_one(rig: Rig) -> None:
    waiting = asyncio.ensure_future(rig.queue.pop())
    await asyncio.sleep(0)
    await rig.add("a")
    assert (await waiting).name == "a" and rig.state("a") is State.OUT


async def test_who_was_refused_waits_for_what_may_help(rig: Rig) -> None:
    await rig.add("a", "b")
    for plugins in (RESOURCES, TAINTS):
        rig.refuse(str(await rig.pop()), plugins)
    assert rig.state("a") is rig.state("b") is State.REFUSED and await rig.pop() is None
    await rig.clock.advance(2)
    rig.went()
    assert rig.state("a") is State.ACTIVE and rig.state("b") is State.REFUSED
    other = Node("n")
    other.describe(node("n"))
    rig.queue.happened(Happening(Change.NODE_TAINTS, node=other))
    assert rig.state("b") is State.ACTIVE


async def test_backing_off_takes_longer_each_time(rig: Rig) -> None:
    await rig.add("a")
    waits = []
    for _ in range(6):
        assert await rig.pop() == "a"
        rig.fail("a")
        began = rig.clock.monotonic()
        while rig.state("a") is State.BACKOFF:
            await rig.clock.advance(0.5)
        waits.append(rig.clock.monotonic() - began)
    assert waits == pytest.approx([1, 2, 4, 8, 10, 10])


async def test_what_may_help_does_not_shorten_it_unless_nobody_else_is_there(rig: Rig) -> None:
    await rig.add("a")
    await rig.pop()
    rig.refuse("a")
    await rig.add("b")
    rig.went()
    assert rig.state("a") is State.BACKOFF
    assert [await rig.pop(), await rig.pop(), await rig.pop()] == ["b", "a", None]


async def test_something_that_went_wrong_backs_off_to_the_end(rig: Rig) -> None:
    await rig.add("a")
    await rig.pop()
    rig.fail("a")
    assert await rig.pop() is None
    await rig.clock.advance(1)
    assert await rig.pop() == "a"


async def test_many_that_back_off_all_wait_it_out(rig: Rig) -> None:
    names = [f"p{number}" for number in range(EARLY + 1)]
    await rig.add(*names)
    for name in names:
        assert await rig.pop() == name
        rig.refuse(name)
    rig.went()
    assert await rig.pop() is None
    await rig.clock.advance(1)
    assert rig.queue.count(State.ACTIVE) == len(names)


async def test_after_five_minutes_everybody_is_tried_again(rig: Rig) -> None:
    await rig.add("a")
    await rig.pop()
    rig.refuse("a", TAINTS)
    flushing = asyncio.ensure_future(rig.queue.run())
    await rig.clock.advance(300 - FLUSH_SECONDS)
    assert rig.state("a") is State.REFUSED
    await rig.clock.advance(2 * FLUSH_SECONDS)
    assert rig.state("a") is State.ACTIVE
    flushing.cancel()


async def test_gated_pods_have_no_turn_until_the_gates_are_gone(rig: Rig) -> None:
    await rig.add("a", **GATED)
    assert rig.state("a") is State.GATED and await rig.pop() is None
    await rig.add("a")
    assert await rig.pop() == "a"


async def test_a_pod_that_asks_for_something_else_is_tried_again_one_that_only_tells_something_is_not(rig: Rig) -> None:
    await rig.add("a")
    await rig.pop()
    rig.refuse("a", TAINTS)
    await rig.clock.advance(2)
    await rig.add("a", status={"conditions": [{"type": "PodScheduled"}]})
    assert rig.state("a") is State.REFUSED
    await rig.add("a", tolerations=[{"operator": "Exists"}])
    assert rig.state("a") is State.ACTIVE


async def test_a_pod_that_is_out_comes_back_as_it_is_by_then(rig: Rig) -> None:
    await rig.add("a")
    await rig.pop()
    rig.queue.note(read(pod("a", labels={"new": "yes"})))
    rig.queue.note(read(pod("unknown")))
    rig.refuse("a")
    assert rig.queue.pod("uid-default-a").labels == {"new": "yes"}  # type: ignore[union-attr]
    assert len(rig.queue) == 1


async def test_who_is_gone_has_no_turn_and_does_not_come_back(rig: Rig) -> None:
    await rig.add("a", "b")
    rig.queue.remove("uid-default-a")
    rig.queue.remove("uid-default-a")
    assert await rig.pop() == "b"
    rig.queue.remove("uid-default-b")
    rig.refuse("b")
    rig.fail("b")
    assert len(rig.queue) == 0 and await rig.pop() is None
    await rig.clock.advance(20)
    assert await rig.pop() is None


async def test_a_new_priority_changes_the_turn(rig: Rig) -> None:
    await rig.add("a", "b")
    await rig.add("b", priority=5)
    assert [await rig.pop(), await rig.pop(), await rig.pop()] == ["b", "a", None]


async def test_one_that_is_told_to_try_again_does(rig: Rig) -> None:
    await rig.add("a")
    await rig.pop()
    rig.refuse("a", TAINTS)
    await rig.clock.advance(2)
    rig.queue.try_again("uid-default-a")
    rig.queue.try_again("nobody")
    assert await rig.pop() == "a"


async def test_when_it_is_closed_nobody_waits(rig: Rig) -> None:
    await rig.add("a", "b")
    await rig.pop()
    rig.fail("a")
    rig.queue.close()
    assert len(rig.queue) == 0 and await rig.pop() is None
