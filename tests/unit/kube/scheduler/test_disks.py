"""Disks without claims."""

import pytest

from tests.unit.kube.scheduler.objects import facts, node, pod, refused
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.disks import conflict, disk_of


def gce(name: str, read_only: bool = False) -> Object:
    return {"gcePersistentDisk": {"pdName": name, "readOnly": read_only}}


def ebs(name: str, read_only: bool = False) -> Object:
    return {"awsElasticBlockStore": {"volumeID": name, "readOnly": read_only}}


def rbd(*monitors: str, image: str = "i") -> Object:
    return {"rbd": {"monitors": list(monitors), "pool": "p", "image": image}}


@pytest.mark.parametrize(
    ("one", "other", "conflicts"),
    [
        (gce("a"), gce("a"), True),
        (gce("a"), gce("b"), False),
        (gce("a", True), gce("a", True), False),
        (gce("a", True), gce("a"), True),
        (ebs("a"), gce("a"), False),
        (ebs("a", True), ebs("a", True), True),
        ({"iscsi": {"iqn": "x"}}, {"iscsi": {"iqn": "x"}}, True),
        (rbd("m1", "m2"), rbd("m2", "m3"), True),
        (rbd("m1"), rbd("m3"), False),
        (rbd("m1"), rbd("m1", image="other"), False),
    ],
)
def test_who_is_in_whose_way(one: Object, other: Object, conflicts: bool) -> None:
    disks = [disk_of(each) for each in (one, other)]
    assert disks[0] is not None and disks[1] is not None
    assert conflict([disks[0]], [disks[1]]) is conflict([disks[1]], [disks[0]]) is conflicts


def test_other_volumes_are_no_disks() -> None:
    assert disk_of({"name": "x", "emptyDir": {}}) is None


def test_a_disk_in_use_refuses_the_node() -> None:
    known = facts([node("n")], [pod("old", "n", volumes=[{"name": "d", **gce("a")}])])
    assert "1 node(s) had no available disk" in refused(known, pod(volumes=[{"name": "d", **gce("a")}]))
