import asyncio
import contextlib
from collections.abc import AsyncIterator

from wherry.kube.client.correlation import SPAM_BURST
from wherry.kube.client.events import EVENTS, Recorder, Source, reference
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import Object

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


async def test_what_is_too_much_about_one_object_is_not_sent() -> None:
    client = FakeClient()
    async with recording(client) as recorder:
        for number in range(100):
            recorder.event(POD, f"Reason{number}", "x")
            recorder.event({**POD, "metadata": {**POD["metadata"], "uid": f"u{number}"}}, "Created", "x")
        await recorder.flush()
    sent = client.all(EVENTS)
    assert sum(each["involvedObject"]["uid"] == "u1" for each in sent) == SPAM_BURST
    assert len(sent) == SPAM_BURST + 99 and recorder.dropped == 0
