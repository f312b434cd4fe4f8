"""Pods that are only refused once the node was asked for."""

import asyncio

import pytest

from tests.unit.node.pods.rig import pod
from wherry.kit.errors import Unavailable
from wherry.kube.client.fake import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.doubts import RETRY_SECONDS, Doubts


class Asked:
    """A node that answers when it is told to; ``faults``: so often it fails first."""

    def __init__(self, faults: int = 0) -> None:
        self.clock = FakeClock()
        self.answer = asyncio.Event()
        self.faults = faults
        self.judged: list[Object] = []
        self.doubts = Doubts(self.clock, self.look, self.judged.append)

    async def look(self) -> None:
        await self.answer.wait()
        if self.faults:
            self.faults -= 1
            raise Unavailable("not now")


async def test_a_pod_is_judged_as_it_is_once_the_node_is_known() -> None:
    asked, first = Asked(), pod()
    newer = {**first, "newer": True}
    async with asyncio.TaskGroup() as group:
        group.create_task(asked.doubts.settle(first))
        await asyncio.sleep(0)
        assert asked.doubts.told("uid-web", newer)
        assert not asked.doubts.told("uid-other", newer)
        assert asked.judged == []
        asked.answer.set()
    assert asked.judged == [newer]
    assert not asked.doubts.told("uid-web", newer)


async def test_a_pod_that_goes_meanwhile_is_not_judged() -> None:
    asked = Asked()
    async with asyncio.TaskGroup() as group:
        group.create_task(asked.doubts.settle(pod()))
        await asyncio.sleep(0)
        assert asked.doubts.told("uid-web", None)
        asked.answer.set()
    assert asked.judged == []


@pytest.mark.parametrize("faults", [1, 3])
async def test_an_api_that_does_not_answer_is_asked_again(faults: int) -> None:
    asked = Asked(faults)
    asked.answer.set()
    task = asyncio.create_task(asked.doubts.settle(pod()))
    for _ in range(faults):
        await asked.clock.advance(0.0)
        assert asked.judged == []
        await asked.clock.advance(RETRY_SECONDS)
    await task
    assert asked.judged == [pod()]
