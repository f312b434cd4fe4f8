"""Claims of pods' generic ephemeral volumes."""

from typing import Any

from tests.unit.kube.controllers.harness import EVENTS, PODS, clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.ephemeralvolumes import CLAIMS, EphemeralVolumes, claim_of
from wherry.kube.controllers.frame import Controller, Needs

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
TEMPLATE = {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": SPEC}


def make(needs: Needs) -> list[Controller]:
    return [Controller(EphemeralVolumes(needs), needs.clock)]


def pod(name: str = "p", phase: str = "Pending", **metadata: Any) -> dict[str, Any]:
    volumes = [{"name": "plain", "emptyDir": {}}, {"name": "data", "ephemeral": {"volumeClaimTemplate": TEMPLATE}}]
    spec = {"containers": [], "volumes": volumes}
    return obj("Pod", name, spec=spec, status={"phase": phase}, metadata=metadata)


async def test_a_claim_is_made_as_the_template_says() -> None:
    client = FakeClient(pod())
    async with running(client, make):
        (claim,) = client.all(CLAIMS)
    assert claim["spec"] == SPEC
    meta = claim["metadata"]
    assert (meta["name"], meta["namespace"], meta["labels"], meta["annotations"]) == (
        "p-data", "default", {"a": "b"}, {"c": "d"},
    )  # fmt: skip
    (owner,) = meta["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Pod", "p", "uid-p")
    assert owner["controller"] and owner["blockOwnerDeletion"]


async def test_no_claim_for_pods_that_are_over_or_going() -> None:
    going = pod("going", deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["x.io/y"])
    client = FakeClient(going, pod("done", "Succeeded"), pod("failed", "Failed"))
    async with running(client, make):
        assert client.all(CLAIMS) == []


async def test_a_claim_that_somebody_deletes_is_made_again() -> None:
    client = FakeClient(pod())
    async with running(client, make):
        await client.delete(CLAIMS, "p-data", "default")
        await clock_of(client).advance(1)
        assert names(client, CLAIMS) == ["p-data"]


async def test_a_claim_of_another_is_not_taken_until_it_is_gone() -> None:
    other = claim_of(pod(), pod()["spec"]["volumes"][1])
    other["metadata"] |= {"namespace": "default", "uid": "u", "ownerReferences": []}
    client = FakeClient(pod(), other)
    async with running(client, make):
        await clock_of(client).advance(1)
        said = {(each["reason"], each["message"]) for each in client.all(EVENTS)}
        why = "ephemeral volume data: PVC default/p-data was not created for pod default/p (pod is not owner)"
        assert said == {("FailedBinding", why)}
        assert client.all(CLAIMS)[0]["metadata"]["ownerReferences"] == []
        await client.delete(CLAIMS, "p-data", "default")
        await clock_of(client).advance(60)
        assert client.all(CLAIMS)[0]["metadata"]["ownerReferences"][0]["uid"] == "uid-p"
    assert names(client, PODS) == ["p"]
