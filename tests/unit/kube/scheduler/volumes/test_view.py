"""Reading claims, volumes, classes."""

import pytest

from tests.unit.kube.scheduler.volumes.objects import claim_object, class_object, volume_object
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.model import REGION, ZONE
from wherry.kube.scheduler.volumes.view import CURRENT, ZONE_LABELS, claim_of, class_of, limits_of, volume_of


def test_a_claim() -> None:
    owner = {"kind": "Pod", "uid": "u", "controller": True}
    found = claim_of(claim_object("data", "fast", node="n", size="2Gi", meta={"ownerReferences": [owner]}))
    assert found.key == ("default", "data") and (found.storage_class, found.size) == ("fast", 2 << 30)
    assert found.modes == {"ReadWriteOnce"} and found.volume_mode == "Filesystem"
    assert (found.node, found.owner, found.is_bound) == ("n", "u", False)


@pytest.mark.parametrize(
    ("obj", "bound", "lost", "ending"),
    [
        (claim_object("x"), False, False, False),
        (claim_object("x", bound="pv"), True, False, False),
        (claim_object("x", volumeName="pv"), False, False, False),
        (claim_object("x", bound="pv", phase="Lost"), True, True, False),
        (claim_object("x", meta={"deletionTimestamp": "2026-01-01T00:00:00Z"}), False, False, True),
    ],
)
def test_how_far_a_claim_has_come(obj: Object, bound: bool, lost: bool, ending: bool) -> None:
    found = claim_of(obj)
    assert (found.is_bound, found.is_lost, found.is_ending) == (bound, lost, ending)


def test_a_volume() -> None:
    found = volume_of(volume_object("pv", "fast", node="n", owner="data", size="2Gi", labels={ZONE: "a__b"}))
    assert (found.storage_class, found.size, found.claim) == ("fast", 2 << 30, ("default", "data", ""))
    assert found.is_on("n", {"kubernetes.io/hostname": "n"}) and not found.is_on("m", {"kubernetes.io/hostname": "m"})
    assert found.zones == ((ZONE, frozenset({"a", "b"})),) and found.is_available
    anywhere = volume_of(volume_object("pv", phase="Bound", csi={"driver": "d", "volumeHandle": "h"}))
    assert anywhere.is_on("m", {}) and not anywhere.is_available and (anywhere.driver, anywhere.handle) == ("d", "h")


@pytest.mark.parametrize(
    ("obj", "labels", "does"),
    [
        (class_object("x"), {}, False),
        (class_object("x", provisioner="p"), {}, True),
        ({**class_object("x", provisioner="p"), "allowedTopologies": [
            {"matchLabelExpressions": [{"key": ZONE, "values": ["a", "b"]}]}]}, {ZONE: "b"}, True),
        ({**class_object("x", provisioner="p"), "allowedTopologies": [
            {"matchLabelExpressions": [{"key": ZONE, "values": ["a", "b"]}]}]}, {ZONE: "c"}, False),
    ],
)  # fmt: skip
def test_where_a_class_provisions(obj: Object, labels: dict[str, str], does: bool) -> None:
    assert class_of(obj).provisions_on(labels) is does


def test_which_classes_wait() -> None:
    assert class_of(class_object("x", waits=True)).waits and not class_of(class_object("x")).waits


def test_limits_of_drivers() -> None:
    drivers = [{"name": "a", "allocatable": {"count": 3}}, {"name": "b"}]
    assert limits_of({"spec": {"drivers": drivers}}) == {"a": 3}


def test_old_labels_mean_todays() -> None:
    assert set(CURRENT.values()) == {ZONE, REGION} and set(ZONE_LABELS) == set(CURRENT)


def test_the_old_annotation_names_a_class() -> None:
    annotations = {"volume.beta.kubernetes.io/storage-class": "old"}
    assert claim_of(claim_object("x", meta={"annotations": annotations})).storage_class == "old"
    assert volume_of(volume_object("x", meta={"annotations": annotations})).storage_class == "old"
