import asyncio
import contextlib
from collections.abc import AsyncIterator

from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.events import EVENTS, QUEUED, Recorder, Source, reference
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

POD: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "prod", "uid": "u1"}}


@contextlib.asynccontextmanager
async def recording(client: FakeClient) -> AsyncIterator[Recorder]:
    recorder = Recorder(client, Source("node-agent", "n1"), client.clock)
    task = asyncio.ensure_future(recorder.run())
    try:
        yield recorder
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_event_names_its_object_its_source_and_its_time() -> None:
    client = FakeClient()
    async with recording(client) as recorder:
        recorder.event(POD, "Pulled", "pulled it", action="Pulling")
        await recorder.flush()
    (sent,) = client.all(EVENTS)
    assert sent["involvedObject"] == {
        "kind": "Pod", "namespace": "prod", "name": "web", "uid": "u1", "apiVersion": "v1",
    }  # fmt: skip
    assert sent["metadata"]["namespace"] == "prod" and sent["metadata"]["name"].startswith("web.")
    assert sent["source"] == {"component": "node-agent", "host": "n1"} and sent["action"] == "Pulling"
    assert sent["firstTimestamp"] == sent["lastTimestamp"] == "2026-01-01T00:00:00Z" and sent["count"] == 1


async def test_a_repeated_one_is_counted_and_one_without_namespace_goes_to_default() -> None:
    client = FakeClient()
    async with recording(client) as recorder:
        for _ in range(3):
            recorder.event(reference({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}), "Ready", "is")
        await recorder.flush()
    (sent,) = client.all(EVENTS)
    assert sent["count"] == 3 and sent["metadata"]["namespace"] == "default" and sent["type"] == "Normal"


async def test_a_count_of_an_event_that_expired_makes_a_new_one() -> None:
    client = FakeClient()
    async with recording(client) as recorder:
        recorder.event(POD, "Pulled", "x")
        await recorder.flush()
        await client.delete(EVENTS, client.all(EVENTS)[0]["metadata"]["name"], "prod")
        recorder.event(POD, "Pulled", "x")
        await recorder.flush()
    (sent,) = client.all(EVENTS)
    assert sent["count"] == 2


async def test_an_absent_server_is_asked_again_and_a_refusal_is_final() -> None:
    client = FakeClient()
    clock = client.clock
    assert isinstance(clock, FakeClock)
    client.fault = lambda call: Unavailable("down")
    async with recording(client) as recorder:
        recorder.event(POD, "Pulled", "x")
        await clock.advance(15)
        client.fault = lambda call: None
        await clock.advance(10)
        assert len(client.all(EVENTS)) == 1
        client.fault = lambda call: StatusError(403, "Forbidden", "no")
        recorder.event(POD, "Other", "y")
        await recorder.flush()
        client.fault = lambda call: None
        await clock.advance(1000)
        assert len(client.all(EVENTS)) == 1


async def test_a_recorder_never_waits_even_when_nobody_sends() -> None:
    recorder = Recorder(FakeClient(), Source("test"), FakeClock())
    for number in range(QUEUED + 10):
        recorder.event(POD, "Reason", str(number))
    await settle()


async def test_names_differ_even_in_the_same_instant() -> None:
    client = FakeClient()
    async with recording(client) as recorder:
        for number in range(5):
            recorder.event(POD, f"Reason{number}", "x", type="Warning")
        await recorder.flush()
    assert len({each["metadata"]["name"] for each in client.all(EVENTS)}) == 5


async def test_parts_of_a_process_report_in_their_own_names() -> None:
    client = FakeClient()
    async with recording(client) as recorder:
        for component in ("a-controller", "b-controller"):
            recorder.by(component).event(POD, "Done", "it is done")
        await recorder.flush()
    sent = client.all(EVENTS)
    assert [each["source"]["component"] for each in sent] == ["a-controller", "b-controller"]
    assert {each["source"]["host"] for each in sent} == {"n1"}
