"""Disruption budgets."""

import pytest

from tests.unit.kube.scheduler.objects import WEB, pod, read
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.budgets import Budgets


def budget(allowed: int, selector: Object | None = None, **status: object) -> Object:
    chosen = {"matchLabels": WEB} if selector is None else selector
    return {"spec": {"selector": chosen}, "status": {"disruptionsAllowed": allowed, **status}}


PODS = [read(pod(name, labels=WEB)) for name in "abc"]


@pytest.mark.parametrize(("allowed", "kept"), [(0, "abc"), (1, "bc"), (2, "c"), (3, "")])
def test_the_last_ones_are_one_too_many(allowed: int, kept: str) -> None:
    budgets = Budgets()
    budgets.set("default", "x", budget(allowed))
    violating, free = budgets.split(PODS)
    assert "".join(each.name for each in violating) == kept
    assert "".join(each.name for each in free) == "abc"[: len(free)]


@pytest.mark.parametrize(
    ("namespace", "obj"),
    [
        ("other", budget(0)),
        ("default", budget(0, {})),
        ("default", budget(0, {"matchLabels": {"app": "db"}})),
        ("default", None),
        ("default", budget(0, None, disruptedPods={"a": "", "b": "", "c": ""})),
    ],
    ids=["another namespace", "empty selector", "others", "gone", "counted already"],
)
def test_budgets_that_are_not_about_them_keep_nobody(namespace: str, obj: Object | None) -> None:
    budgets = Budgets()
    budgets.set("default", "x", budget(0))
    budgets.set("default", "x", None)
    budgets.set(namespace, "x", obj)
    assert budgets.split(PODS) == ([], PODS)


def test_of_several_budgets_the_strictest_counts() -> None:
    budgets = Budgets()
    budgets.set("default", "x", budget(2))
    budgets.set("default", "y", budget(1))
    violating, _ = budgets.split(PODS)
    assert "".join(each.name for each in violating) == "bc"
