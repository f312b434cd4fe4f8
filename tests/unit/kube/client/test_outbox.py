"""Events on their way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.correlation import Correlated
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.outbox import AT_ONCE, EVENTS, QUEUED, TELL_SECONDS, Outbox
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError


def made(name: str = "e", count: int = 1, *, is_new: bool = True) -> Correlated:
    event: Object = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "prod"}, "reason": "Pulled",
        "involvedObject": {"name": "web"}, "message": "x", "count": count,
    }  # fmt: skip
    return Correlated(event, None if is_new else {"count": count})


def clock_of(client: FakeClient) -> FakeClock:
    clock = client.clock
    assert isinstance(clock, FakeClock)
    return clock


@contextlib.asynccontextmanager
async def sending(client: FakeClient) -> AsyncIterator[Outbox]:
    outbox = Outbox(client, client.clock)
    task = asyncio.ensure_future(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class SlowClient(FakeClient):
    """Holds every create until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way: list[str] = []
        self.most = 0
        self.go = asyncio.Event()

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        self.under_way.append(obj["metadata"]["name"])
        self.most = max(self.most, len(self.under_way))
        await self.go.wait()
        self.under_way.remove(obj["metadata"]["name"])
        return await super().create(resource, obj, namespace, name=name, subresource=subresource)


async def test_several_are_under_way_at_once_and_no_more_than_that() -> None:
    client = SlowClient()
    async with sending(client) as outbox:
        for number in range(AT_ONCE * 3):
            outbox.put(made(f"e{number}"))
        await settle()
        assert len(client.under_way) == AT_ONCE
        client.go.set()
        await outbox.flush()
    assert client.most == AT_ONCE and len(client.all(EVENTS)) == AT_ONCE * 3


async def test_one_that_comes_again_between_the_queue_and_its_sender_is_sent_once() -> None:
    client = FakeClient()
    outbox = Outbox(client, client.clock)
    outbox.put(made())
    first = await outbox._queue.get()
    outbox.put(made(count=2, is_new=False))
    await outbox._deliver(first, asyncio.Semaphore(AT_ONCE))
    await outbox._deliver(await outbox._queue.get(), asyncio.Semaphore(AT_ONCE))
    await outbox.flush()
    assert [each["count"] for each in client.all(EVENTS)] == [2]


async def test_a_count_is_raised_when_the_event_is_there() -> None:
    client = SlowClient()
    async with sending(client) as outbox:
        outbox.put(made())
        await settle()
        outbox.put(made(count=2, is_new=False))
        outbox.put(made(count=3, is_new=False))
        await settle()
        assert client.under_way == ["e"] and client.all(EVENTS) == []
        client.go.set()
        await outbox.flush()
    (sent,) = client.all(EVENTS)
    assert sent["count"] == 3


async def test_one_that_waits_and_comes_again_is_sent_once() -> None:
    client = FakeClient()
    outbox = Outbox(client, client.clock)
    outbox.put(made())
    outbox.put(made(count=2, is_new=False))
    task = asyncio.ensure_future(outbox.run())
    await outbox.flush()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (sent,) = client.all(EVENTS)
    assert sent["count"] == 2 and [call.verb for call in client.calls] == ["create"]


async def test_a_count_of_an_event_that_expired_makes_a_new_one() -> None:
    client = FakeClient()
    async with sending(client) as outbox:
        outbox.put(made(count=2, is_new=False))
        await outbox.flush()
    (sent,) = client.all(EVENTS)
    assert sent["count"] == 2


async def test_an_absent_server_is_asked_again_and_a_refusal_is_final() -> None:
    client = FakeClient()
    clock = clock_of(client)
    client.fault = lambda call: Unavailable("down")
    async with sending(client) as outbox:
        outbox.put(made("one"))
        await clock.advance(15)
        client.fault = lambda call: None
        await clock.advance(10)
        assert len(client.all(EVENTS)) == 1
        client.fault = lambda call: StatusError(403, "Forbidden", "no")
        outbox.put(made("two"))
        await outbox.flush()
        client.fault = lambda call: None
        await clock.advance(1000)
        assert len(client.all(EVENTS)) == 1


async def test_what_is_too_much_is_dropped_counted_and_told_of_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    client = FakeClient()
    clock = clock_of(client)
    outbox = Outbox(client, clock)
    for number in range(QUEUED + 10):
        outbox.put(made(f"e{number}"))
    outbox.put(made("e1", 2, is_new=False))  # it waits already: that is no more of them
    assert outbox.dropped == 10
    assert [record.args[-1] for record in caplog.records if record.args] == [1]
    await clock.advance(TELL_SECONDS)
    outbox.put(made("more"))
    assert [record.args[-1] for record in caplog.records if record.args] == [1, 11]
