import asyncio
import logging

import pytest

from tests.unit.kube.controllers.harness import MAPS, SECRETS, after, clock_of, obj, running
from wherry.kube.client.clock import Clock, settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Interest, Key, Needs, by_namespace, complain, own
from wherry.kube.machinery.status import conflict, unavailable


class Counting:
    """Notes what it is asked to look at."""

    name = "counting"

    def __init__(self, needs: Needs) -> None:
        maps, secrets = needs.informers.of(MAPS), needs.informers.of(SECRETS)
        self.interests = (Interest(maps), Interest(secrets, by_namespace))
        self.seen: list[Key] = []
        self.again: float | None = None
        self.fails = 0

    async def reconcile(self, key: Key) -> float | None:
        self.seen.append(key)
        if self.fails:
            self.fails -= 1
            raise unavailable("broken")
        return self.again


async def test_every_object_is_looked_at_once_and_again_when_it_changes() -> None:
    client, made = FakeClient(obj("ConfigMap", "a"), obj("Secret", "s")), list[Counting]()

    def make(needs: Needs) -> list[Controller]:
        made.append(Counting(needs))
        return [Controller(made[0], needs.clock)]

    async with running(client, make):
        assert sorted(made[0].seen) == [Key("", "default"), Key("default", "a")]
        client.put(obj("ConfigMap", "a", data={"k": "v"}))
        await settle()
        assert made[0].seen.count(Key("default", "a")) == 2
        await client.delete(SECRETS, "s", "default")
        await settle()
        assert made[0].seen.count(Key("", "default")) == 2


async def test_a_failure_is_looked_at_again_and_a_wish_too() -> None:
    client, made = FakeClient(obj("ConfigMap", "a")), list[Counting]()

    def make(needs: Needs) -> list[Controller]:
        made.append(Counting(needs))
        made[0].fails, made[0].again = 3, 10.0
        return [Controller(made[0], needs.clock)]

    async with running(client, make):
        await clock_of(client).advance(1)
        assert len(made[0].seen) == 4
        await clock_of(client).advance(20)
        assert len(made[0].seen) == 6


async def test_nothing_is_looked_at_before_everything_is_known() -> None:
    client, made = FakeClient(obj("ConfigMap", "a")), list[Counting]()
    client.fault = lambda call: unavailable("down") if call.resource.resource == "secrets" else None

    def make(needs: Needs) -> list[Controller]:
        made.append(Counting(needs))
        return [Controller(made[0], needs.clock)]

    async with running(client, make):
        await clock_of(client).advance(5)
        assert made[0].seen == []
        client.fault = lambda call: None
        await clock_of(client).advance(60)
        assert made[0].seen == [Key("default", "a")]


async def test_what_ended_may_run_again_and_looks_at_everything_anew() -> None:
    client, made = FakeClient(obj("ConfigMap", "a")), list[Counting]()

    def make(needs: Needs) -> list[Twice]:
        made.append(Counting(needs))
        return [Twice(Controller(made[0], needs.clock), needs.clock)]

    async with running(client, make):
        await clock_of(client).advance(10)
    assert made[0].seen == [Key("default", "a")] * 2


class Twice:
    """Runs a controller, ends it, and runs it again."""

    name = "twice"

    def __init__(self, controller: Controller, clock: Clock) -> None:
        self._controller = controller
        self._clock = clock

    async def run(self) -> None:
        first = asyncio.ensure_future(self._controller.run())
        await self._clock.sleep(1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await self._controller.run()


async def test_it_ends_without_a_trace() -> None:
    client = FakeClient(obj("ConfigMap", "a"))
    await after(client, lambda needs: [Controller(Counting(needs), needs.clock)], 1)


def test_keys_are_the_objects_own_or_its_namespaces() -> None:
    assert list(own(obj("ConfigMap", "a"))) == [Key("default", "a")] and list(own(obj("Node", "n", ""))) == [
        Key("", "n")
    ]
    assert list(by_namespace(obj("ConfigMap", "a"))) == [Key("", "default")]


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (conflict(MAPS.group_resource, "a", "x"), logging.DEBUG),
        (unavailable("x"), logging.WARNING),
        (ValueError("x"), logging.ERROR),
    ],
)
def test_conflicts_are_no_news(error: Exception, level: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "wherry.kube.controllers.frame"):
        complain("test", Key("a", "b"), error)
    assert caplog.records[-1].levelno == level
