"""Conditions and events."""

import asyncio

import pytest

from tests.unit.kube.scheduler.objects import pod, read
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.events import EVENTS, Recorder, Source
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.scheduler.telling import UNSCHEDULABLE, Teller, Verdict
from wherry.kube.scheduler.watching import PODS

OLD = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no",
       "lastTransitionTime": "2020-01-01T00:00:00Z"}  # fmt: skip
READY = {"type": "Ready", "status": "False"}


def teller(client: FakeClient) -> tuple[Teller, Recorder]:
    recorder = Recorder(client, Source("control", "host"), client.clock)
    return Teller(client, recorder, client.clock), recorder


async def written(obj: Object, verdict: Verdict) -> tuple[FakeClient, Object]:
    client = FakeClient(obj, clock=FakeClock())
    found = client.find(PODS, "p", "default")
    assert found is not None
    await teller(client)[0].write(read(found), found, verdict)
    after = client.find(PODS, "p", "default")
    assert after is not None
    return client, after["status"]


async def test_a_refused_pod_says_why_and_keeps_its_other_conditions() -> None:
    before = pod(status={"conditions": [READY]}, meta={"generation": 3})
    _, status = await written(before, Verdict(UNSCHEDULABLE, "why"))
    found = {each["type"]: each for each in status["conditions"]}
    assert found["Ready"] == READY and len(found) == 2
    assert found["PodScheduled"] == {
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "why",
        "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 3,
    }  # fmt: skip


async def test_another_reason_is_no_transition() -> None:
    _, status = await written(pod(status={"conditions": [OLD]}), Verdict(UNSCHEDULABLE, "still not"))
    assert status["conditions"] == [OLD | {"message": "still not"}]


@pytest.mark.parametrize(
    ("before", "verdict", "writes"),
    [
        ({"conditions": [OLD]}, Verdict(UNSCHEDULABLE, "no"), 0),
        ({"conditions": [OLD], "nominatedNodeName": "n"}, Verdict(UNSCHEDULABLE, "no", "n"), 0),
        ({"conditions": [OLD]}, Verdict(UNSCHEDULABLE, "no", "n"), 1),
        ({"conditions": [OLD], "nominatedNodeName": "n"}, Verdict(UNSCHEDULABLE, "no"), 1),
    ],
)
async def test_only_what_changes_is_written(before: Object, verdict: Verdict, writes: int) -> None:
    client, status = await written(pod(status=before), verdict)
    assert len(client.calls) == writes
    assert status.get("nominatedNodeName", "") == verdict.nominated
    assert status["conditions"] == [OLD]


async def test_who_is_gone_needs_not_be_told_and_another_of_its_name_is_not() -> None:
    client = FakeClient(pod(uid="other"), clock=FakeClock())
    await teller(client)[0].patch(read(pod("gone")), {"reason": "x"})
    await teller(client)[0].patch(read(pod(uid="mine")), {"reason": "x"})
    found = client.find(PODS, "p", "default")
    assert found is not None and "reason" not in found["status"]


async def test_other_refusals_are_the_callers() -> None:
    client = FakeClient(pod(), clock=FakeClock())
    client.fault = lambda call: StatusError(403, "Forbidden", "no")
    with pytest.raises(StatusError):
        await teller(client)[0].patch(read(pod()), {"reason": "x"})


async def test_events_come_from_the_scheduler_that_the_pod_names_and_are_not_too_long() -> None:
    client = FakeClient(clock=FakeClock())
    told, recorder = teller(client)
    mine = read(pod(schedulerName="mine"))
    told.scheduled(mine, "n")
    told.failed(mine, "é" * 2000)
    told.preempted(read(pod("victim")), mine, "n")
    sending = asyncio.ensure_future(recorder.run())
    await recorder.flush()
    sending.cancel()
    found = {each["reason"]: each for each in client.all(EVENTS)}
    assert found["Scheduled"]["message"] == "Successfully assigned default/p to n"
    assert {each["source"]["component"] for each in found.values()} == {"mine"}
    assert {name: (each["action"], each["type"]) for name, each in found.items()} == {
        "Scheduled": ("Binding", "Normal"),
        "FailedScheduling": ("Scheduling", "Warning"),
        "Preempted": ("Preempting", "Normal"),
    }
    assert found["FailedScheduling"]["message"] == "é" * 512
    assert found["Preempted"]["involvedObject"]["name"] == "victim"
    assert found["Preempted"]["message"] == "Preempted by pod uid-default-p on node n"
