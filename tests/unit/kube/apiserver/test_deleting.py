"""DELETE, of one object and of many."""

import pytest

from tests.unit.kube.apiserver.conftest import DEPLOYMENTS, MAPS, PODS, Place, deployment, pod
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.status import StatusError, is_another


async def test_what_is_deleted_is_told_by_a_status(place: Place) -> None:
    made = await place.config("a")
    said = await place.client.delete(MAPS, "a", "default")
    assert (said["kind"], said["status"], said["details"]["uid"]) == ("Status", "Success", made["metadata"]["uid"])
    with pytest.raises(StatusError, match='configmaps "a" not found'):
        await place.client.get(MAPS, "a", "default")


async def test_a_pod_that_runs_nowhere_is_told_as_it_was(place: Place) -> None:
    await place.client.create(PODS, pod(), "default")
    assert (await place.client.delete(PODS, "p", "default"))["kind"] == "Pod"


async def test_finalizers_hold_an_object(place: Place) -> None:
    body = {"metadata": {"name": "a", "finalizers": ["example.com/wait"]}}
    await place.client.create(MAPS, body, "default")
    marked = await place.client.delete(MAPS, "a", "default")
    assert marked["metadata"]["deletionTimestamp"]
    with pytest.raises(StatusError, match="no new finalizers can be added"):
        await place.merge("a", {"metadata": {"finalizers": ["example.com/wait", "example.com/more"]}})
    await place.merge("a", {"metadata": {"finalizers": None}})
    with pytest.raises(StatusError, match="not found"):
        await place.client.get(MAPS, "a", "default")


@pytest.mark.parametrize(
    ("preconditions", "message"),
    [({"uid": "x"}, "UID in precondition: x"), ({"resourceVersion": "1"}, "ResourceVersion in precondition: 1")],
)
async def test_preconditions_are_kept(place: Place, preconditions: dict[str, str], message: str) -> None:
    await place.config("a")
    with pytest.raises(StatusError, match=message) as caught:
        await place.client.delete(MAPS, "a", "default", options={"preconditions": preconditions})
    assert caught.value.code == 409
    assert is_another(caught.value) is ("uid" in preconditions)


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan"), ("Background", None)]
)
async def test_dependents_are_left_to_the_garbage_collector(place: Place, policy: str, finalizer: str | None) -> None:
    await place.client.create(DEPLOYMENTS, deployment(), "default")
    said = await place.client.delete(DEPLOYMENTS, "web", "default", options={"propagationPolicy": policy})
    assert (said["metadata"].get("finalizers") or [None])[0] == finalizer


async def test_a_running_pod_is_marked_and_goes_with_a_grace_of_nothing(place: Place) -> None:
    await place.client.create(PODS, pod(nodeName="n1"), "default")
    marked = await place.client.delete(PODS, "p", "default")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    await place.client.delete(PODS, "p", "default", options={"gracePeriodSeconds": 0})
    with pytest.raises(StatusError, match="not found"):
        await place.client.get(PODS, "p", "default")


async def test_a_dry_run_changes_nothing(place: Place) -> None:
    await place.config("a")
    await place.client.delete(MAPS, "a", "default", options={"dryRun": ["All"]})
    assert await place.client.get(MAPS, "a", "default")


async def test_a_mark_takes_no_other_change(place: Place) -> None:
    body = {"metadata": {"name": "a", "finalizers": ["example.com/wait"]}}
    await place.client.create(MAPS, body, "default")
    marked = await place.client.delete(MAPS, "a", "default")
    patch = {"metadata": {"deletionTimestamp": None}}
    after = await place.client.patch(MAPS, "a", patch, "default", type=PatchType.MERGE)
    assert after["metadata"]["deletionTimestamp"] == marked["metadata"]["deletionTimestamp"]
