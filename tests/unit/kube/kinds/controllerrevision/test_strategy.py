"""Rules of ControllerRevisions, and what is shown of them."""

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.controllerrevision import KIND

OWNER = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "x", "controller": True}


def test_it_has_data() -> None:
    assert created(KIND, data={"a": 1}, revision=1) == []
    assert created(KIND, revision=-1) == [
        "data: Required value: data is mandatory",
        "revision: Invalid value: -1: must be greater than or equal to 0",
    ]


def test_the_data_never_changes() -> None:
    old = made(KIND, data={"a": 1}, revision=1)
    assert changed(KIND, old, revision=2) == []
    assert changed(KIND, old, data={"a": 2}) == ['data: Invalid value: {"a":2}: field is immutable']


def test_in_data_a_false_is_no_zero_and_true_no_one() -> None:
    old = made(KIND, data={"a": 1, "b": 0}, revision=1)
    for data in ({"a": True, "b": 0}, {"a": 1, "b": False}, {"a": 1}):
        assert [each.partition(":")[0] for each in changed(KIND, old, data=data)] == ["data"]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    obj = made(KIND, metadata={"ownerReferences": [OWNER]}, revision=3)
    assert KIND.cells(obj, NOW) == ("a", "daemonset.apps/d", 3, "2m5s")
    assert KIND.cells(made(KIND), NOW) == ("a", "<none>", 0, "2m5s")
