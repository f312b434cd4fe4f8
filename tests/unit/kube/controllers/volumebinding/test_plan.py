"""Which volume a claim gets."""

from typing import Any

import pytest

from wherry.kube.controllers.volumebinding import plan
from wherry.kube.machinery.model import Object


def claim(size: str = "1Gi", storage_class: str = "c", uid: str = "u", **more: Any) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    meta = {"name": "claim", "namespace": "default", "uid": uid, "annotations": more.pop("annotations", {})}
    return {"metadata": meta, "spec": {**spec, "storageClassName": storage_class, **more}}


def volume(name: str, size: str = "1Gi", storage_class: str = "c", phase: str = "Available", **spec: Any) -> Object:
    found = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": storage_class}
    labels = spec.pop("labels", {})
    return {"metadata": {"name": name, "labels": labels}, "spec": {**found, **spec}, "status": {"phase": phase}}


NOW = {"c": {"provisioner": "p", "volumeBindingMode": "Immediate"}}
LATER = {"c": {"provisioner": "p", "volumeBindingMode": "WaitForFirstConsumer"}}


def chosen(found: plan.Verdict) -> str:
    return found.volume["metadata"]["name"] if found.volume else ""


def test_the_smallest_that_suits() -> None:
    volumes = [volume("big", "10Gi"), volume("small", "500Mi"), volume("fits", "2Gi")]
    assert chosen(plan.decide(claim(), volumes, NOW, False)) == "fits"


@pytest.mark.parametrize(
    "other",
    [
        volume("v", storage_class="d"),
        volume("v", accessModes=["ReadOnlyMany"]),
        volume("v", volumeMode="Block"),
        volume("v", phase="Released"),
        volume("v", claimRef={"namespace": "default", "name": "other"}),
        {**volume("v"), "metadata": {"name": "v", "deletionTimestamp": "x"}},
    ],
)
def test_what_does_not_suit(other: Object) -> None:
    assert chosen(plan.decide(claim(), [other], NOW, False)) == ""


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (volume("v", "9Gi"), ""),
        (volume("v", "1Mi"), "requested PV is too small"),
        (volume("v", storage_class="d"), "storageClassName does not match"),
        (volume("v", volumeMode="Block"), "incompatible volumeMode"),
        (volume("v", accessModes=["ReadOnlyMany"]), "incompatible accessMode"),
    ],
)
def test_why_a_volume_is_not_what_a_claim_asks_for(other: Object, why: str) -> None:
    assert plan.mismatch(other, claim()) == why


@pytest.mark.parametrize("less", [{"size": "1Mi"}, {"volumeMode": "Block"}])
def test_one_that_is_kept_for_the_claim_and_less_than_it_asks_for_is_not_given(less: dict[str, str]) -> None:
    kept = volume("kept", **less, claimRef={"namespace": "default", "name": "claim"})
    assert chosen(plan.decide(claim(), [kept], NOW, False)) == ""
    assert chosen(plan.decide(claim(), [kept, volume("other")], NOW, False)) == "other"


def test_a_selector_chooses_by_labels() -> None:
    wanted = claim(selector={"matchLabels": {"a": "b"}})
    assert chosen(plan.decide(wanted, [volume("v")], NOW, False)) == ""
    assert chosen(plan.decide(wanted, [volume("v", labels={"a": "b"})], NOW, False)) == "v"


def test_a_volume_that_is_kept_for_the_claim_comes_first() -> None:
    kept = volume("kept", "9Gi", storage_class="d", claimRef={"namespace": "default", "name": "claim"})
    assert chosen(plan.decide(claim(), [volume("small"), kept], NOW, False)) == "kept"
    of_another = volume("old", claimRef={"namespace": "default", "name": "claim", "uid": "before"})
    assert chosen(plan.decide(claim(), [of_another], NOW, False)) == ""


def test_who_waits_for_a_pod_asks_nobody_until_a_node_is_chosen() -> None:
    found = plan.decide(claim(), [volume("v")], LATER, False)
    assert (found.volume, found.provisioner, found.reason) == (None, "", "WaitForFirstConsumer")
    chosen_node = claim(annotations={plan.SELECTED_NODE: "n1"})
    assert plan.decide(chosen_node, [], LATER, False).provisioner == "p"


def test_without_a_volume_the_provisioner_is_asked() -> None:
    found = plan.decide(claim(), [], NOW, False)
    assert (found.provisioner, found.reason) == ("p", "ExternalProvisioning")
    asked = plan.asked_claim(claim(), "p")
    assert asked is not None and asked["metadata"]["annotations"][plan.PROVISIONER] == "p"
    assert plan.asked_claim(asked, "p") is None


@pytest.mark.parametrize(
    ("classes", "storage_class", "reason"),
    [({}, "c", "ProvisioningFailed"), ({}, "", "FailedBinding"),
     ({"c": {"provisioner": "kubernetes.io/no-provisioner"}}, "c", "FailedBinding")],
)  # fmt: skip
def test_it_is_said_why_nothing_can_be_had(classes: dict[str, Object], storage_class: str, reason: str) -> None:
    assert plan.decide(claim(storage_class=storage_class), [], classes, False).reason == reason


def test_what_is_written_is_written_once() -> None:
    mine, theirs = claim(), volume("v")
    bound = plan.bound_volume(theirs, mine)
    assert bound is not None and bound["spec"]["claimRef"]["uid"] == "u"
    assert plan.bound_volume(bound, mine) is None
    completed = plan.bound_claim(mine, bound)
    assert completed is not None and completed["spec"]["volumeName"] == "v"
    assert plan.bound_claim(completed, bound) is None
    status = plan.claim_status(completed, bound)
    assert status == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    assert plan.claim_status({**completed, "status": status}, bound) is None


def test_phases_of_a_volume() -> None:
    free, kept = volume("v"), volume("v", claimRef={"namespace": "default", "name": "claim"})
    bound = volume("v", claimRef={"namespace": "default", "name": "claim", "uid": "u"})
    assert plan.volume_phase(free, None) == plan.volume_phase(kept, None) == "Available"
    assert plan.volume_phase(bound, claim()) == "Bound"
    assert plan.volume_phase(bound, None) == plan.volume_phase(bound, claim(uid="another")) == "Released"


@pytest.mark.parametrize(
    ("policy", "provisioner", "phase", "reason"),
    [
        ("Retain", "", "Released", ""),
        ("Delete", "example.com/p", "Released", ""),
        ("Delete", "", "Failed", "VolumeFailedDelete"),
        ("Recycle", "", "Failed", "VolumeFailedRecycle"),
    ],
)
def test_what_nobody_can_reclaim_has_failed(policy: str, provisioner: str, phase: str, reason: str) -> None:
    reference = {"namespace": "default", "name": "claim", "uid": "u"}
    released = volume("v", claimRef=reference, persistentVolumeReclaimPolicy=policy)
    if provisioner:
        released["metadata"]["annotations"] = {plan.PROVISIONED_BY: provisioner}
    assert plan.volume_phase(released, claim()) == "Bound"
    assert plan.volume_phase(released, None) == phase
    assert (plan.unreclaimable(released) or ("",))[0] == reason
