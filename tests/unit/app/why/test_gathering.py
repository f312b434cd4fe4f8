"""Asking the API."""

import pytest

from tests.unit.app.why.objects import node, pod
from tests.unit.kube.scheduler.volumes.objects import claim_object
from wherry.app.why.gathering import gather
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.events import EVENTS
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.scheduler.watching import CLAIMS, NODES, PODS

VOLUMES = [
    {"name": "a", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "own", "ephemeral": {}},
    {"name": "gone", "persistentVolumeClaim": {"claimName": "gone"}}, {"name": "none", "emptyDir": {}},
]  # fmt: skip


def event(name: str, uid: str, at: str) -> Object:
    return {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"}, "reason": name,
        "message": f"said {name}", "involvedObject": {"uid": uid}, "lastTimestamp": at,
    }  # fmt: skip


def client(*objects: Object) -> FakeClient:
    found = FakeClient(*objects, clock=FakeClock())
    found.fields[EVENTS.group_resource] = lambda obj: {"involvedObject.uid": obj["involvedObject"]["uid"]}
    return found


async def test_of_a_pod_with_a_node_what_is_about_it() -> None:
    events = [event("late", "u", "2026-01-02"), event("early", "u", "2026-01-01"), event("other", "x", "2026-01-03")]
    claims = [claim_object("data"), claim_object("p-own"), claim_object("unused")]
    about = event("ProvisioningFailed", "uid-data", "2026-01-01")
    api = client(pod(volumes=VOLUMES), node(), *events, *claims, about)
    known = await gather(api, "default", "p")
    assert [each["reason"] for each in known.events] == ["early", "late"]
    assert known.said("late", "early") == "said late" and known.said("other") == ""
    assert list(known.claims) == ["data", "p-own"]
    assert [each["reason"] for each in known.claim_events["data"]] == ["ProvisioningFailed"]
    assert known.node is not None and not known.lists


async def test_of_a_pod_without_a_node_the_cluster() -> None:
    known = await gather(client(pod(on=""), node("a"), node("b"), claim_object("data")), "default", "p")
    assert known.node is None
    assert [len(known.lists[each]) for each in (NODES, PODS, CLAIMS)] == [2, 1, 1]


async def test_of_what_may_not_be_read_less_is_said() -> None:
    api = client(pod(volumes=VOLUMES), node())

    def fault(call: object) -> BaseException | None:
        return None if str(call).startswith("get pods") else StatusError(403, "Forbidden", "no")

    api.fault = fault
    known = await gather(api, "default", "p")
    assert known.node is None and not known.claims and not known.events


async def test_there_must_be_such_a_pod_and_a_server_that_works() -> None:
    with pytest.raises(StatusError, match="not found"):
        await gather(client(), "default", "p")
    api = client(pod())
    api.fault = lambda call: StatusError(500, "", "broken") if call.verb == "list" else None
    with pytest.raises(StatusError, match="broken"):
        await gather(api, "default", "p")


async def test_long_lists_are_taken_in_pages() -> None:
    many = [node(f"n{number:04}") for number in range(1100)]
    known = await gather(client(pod(on=""), *many), "default", "p")
    assert len(known.lists[NODES]) == 1100
