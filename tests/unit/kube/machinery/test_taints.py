"""Taints and who tolerates them."""

import pytest

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.taints import Taint, Toleration, taints_of, tolerated, tolerations_of


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        (Toleration("k", False, "v", "NoSchedule"), True),
        (Toleration("k", False, "v", ""), True),
        (Toleration("k", False, "w", ""), False),
        (Toleration("k", False, "", ""), False),
        (Toleration("k", True, "", "NoSchedule"), True),
        (Toleration("k", True, "", "NoExecute"), False),
        (Toleration("j", True, "", ""), False),
        (Toleration("", True, "", ""), True),
        (Toleration("", True, "", "NoExecute"), False),
        (Toleration("", False, "v", ""), False),
    ],
)
def test_what_is_tolerated(toleration: Toleration, tolerated: bool) -> None:
    assert toleration.tolerates(Taint("k", "v", "NoSchedule")) is tolerated


@pytest.mark.parametrize(
    ("effect", "forbids"), [("NoSchedule", True), ("NoExecute", True), ("PreferNoSchedule", False)]
)
def test_which_taints_forbid(effect: str, forbids: bool) -> None:
    assert Taint("k", "", effect).forbids is forbids


def test_a_nodes_taints_are_read_in_order() -> None:
    listed = [{"key": "k", "value": "v", "effect": "NoSchedule"}, {"key": "gone", "effect": "NoExecute"}]
    found = taints_of({"spec": {"taints": listed}})
    assert found == (Taint("k", "v", "NoSchedule"), Taint("gone", "", "NoExecute"))
    assert [str(each) for each in found] == ["k=v", "gone"]
    assert taints_of({}) == taints_of({"spec": {"taints": None}}) == ()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "cpu", "operator": "Exists"}, False),
        ({"key": "gpu", "value": "4"}, True),
        ({"key": "gpu", "operator": "Equal", "value": "5"}, False),
        ({"key": "gpu", "operator": "Gt", "value": "3"}, False),
    ],
)
def test_an_operator_that_is_not_served_tolerates_nothing(document: Object, expected: bool) -> None:
    assert tolerated(Taint("gpu", "4", "NoSchedule"), tolerations_of([document])) is expected


def test_one_of_several_tolerations_is_enough() -> None:
    documents = [{"key": "cpu", "operator": "Exists"}, {"key": "gpu", "operator": "Exists"}]
    assert tolerated(Taint("gpu", "", "NoExecute"), tolerations_of(documents))
    assert not tolerated(Taint("gpu", "", "NoExecute"), tolerations_of(None))
