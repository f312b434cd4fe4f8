"""Making room."""

import pytest

from tests.unit.kube.scheduler.objects import pod, read
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.events import Recorder, Source
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.status import StatusError
from wherry.kube.scheduler.decision import Nominated
from wherry.kube.scheduler.evicting import Evictor
from wherry.kube.scheduler.telling import Teller
from wherry.kube.scheduler.watching import PODS

HIGH = read(pod("high", priority=9))


def evictor(client: FakeClient) -> Evictor:
    recorder = Recorder(client, Source("control"), client.clock)
    return Evictor(client, Teller(client, recorder, client.clock), client.clock)


def nominated(client: FakeClient) -> Nominated:
    return Nominated("n", tuple(read(each) for each in client.all(PODS)))


async def test_victims_are_told_and_then_deleted_with_their_grace() -> None:
    client = FakeClient(pod("a", "n"), pod("b", "n"), clock=FakeClock())
    await evictor(client).make_room(HIGH, nominated(client))
    assert sorted(call.verb for call in client.calls) == ["delete", "delete", "patch", "patch"]
    for each in client.all(PODS):
        assert each["metadata"]["deletionGracePeriodSeconds"] == 30
        assert [one["reason"] for one in each["status"]["conditions"]] == ["PreemptionByScheduler"]


async def test_who_is_on_the_way_out_is_not_sent_again_and_who_is_gone_is_gone() -> None:
    ending = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    client = FakeClient(pod("a", "n", meta=ending), clock=FakeClock())
    gone = read(pod("gone", "n"))
    found = Nominated("n", (*nominated(client).victims, gone))
    await evictor(client).make_room(HIGH, found)
    assert {call.name for call in client.calls} == {"gone"}


async def test_another_of_the_same_name_is_spared() -> None:
    client = FakeClient(pod("a", "n", uid="new"), clock=FakeClock())
    await evictor(client).make_room(HIGH, Nominated("n", (read(pod("a", "n", uid="old")),)))
    assert "deletionTimestamp" not in client.all(PODS)[0]["metadata"]


async def test_one_that_cannot_be_sent_does_not_keep_the_others() -> None:
    client = FakeClient(pod("a", "n"), pod("b", "n"), clock=FakeClock())
    client.fault = lambda call: StatusError(403, "Forbidden", "no") if call.name == "a" else None
    with pytest.raises(StatusError):
        await evictor(client).make_room(HIGH, nominated(client))
    assert ["deletionTimestamp" in each["metadata"] for each in client.all(PODS)] == [False, True]
