"""What a start changes in default roles and bindings."""

import copy
from typing import Any

import pytest

from tests.unit.kube.apiserver.authz.objects import binding, role, rule
from wherry.kube.apiserver.authz import bootstrap
from wherry.kube.apiserver.authz.bootstrap.reconcile import reconcile
from wherry.kube.apiserver.authz.rules import rules_of
from wherry.kube.machinery.model import Object

AUTO = "rbac.authorization.kubernetes.io/autoupdate"
META: dict[str, Any] = {"labels": {"l": "1"}, "annotations": {AUTO: "true"}}
WANTED = role("r", rule("get list", "pods"), **META)


@pytest.mark.parametrize("wanted", bootstrap.defaults(), ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
def test_what_is_not_there_is_made_and_what_was_made_is_left(wanted: Object) -> None:
    assert reconcile(None, wanted) == wanted
    stored = copy.deepcopy(wanted)
    stored["metadata"].update(uid="1", resourceVersion="7")
    assert reconcile(stored, wanted) is None


def test_rights_that_are_missing_are_added_to_those_that_somebody_gave() -> None:
    existing = role("r", rule("get", "pods"), rule("delete", "nodes"), **META)
    before = copy.deepcopy(existing)
    changed = reconcile(existing, WANTED)

    assert changed is not None
    assert rules_of(changed) == (rule("get", "pods"), rule("delete", "nodes"), rule("list", "pods"))
    assert existing == before
    assert reconcile(changed, WANTED) is None


def test_rights_that_are_there_in_other_words_are_there() -> None:
    assert reconcile(role("r", rule("*", "*"), **META), WANTED) is None


def test_what_opted_out_is_left_alone() -> None:
    existing = role("r", labels={"l": "1"}, annotations={AUTO: "false"})
    assert reconcile(existing, WANTED) is None


def test_labels_and_annotations_are_added_and_those_that_are_there_win() -> None:
    existing = role("r", rule("get list", "pods"), labels={"l": "mine", "other": "2"})
    changed = reconcile(existing, WANTED)

    assert changed is not None
    assert changed["metadata"]["labels"] == {"l": "mine", "other": "2"}
    assert changed["metadata"]["annotations"] == {AUTO: "true"}


def test_the_rules_of_an_aggregated_role_are_its_controllers_but_its_selectors_are_completed() -> None:
    selector = {"matchLabels": {"a": "b"}}
    wanted = {**WANTED, "aggregationRule": {"clusterRoleSelectors": [selector]}}
    existing = {**role("r", **META), "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"c": "d"}}]}}
    changed = reconcile(existing, wanted)

    assert changed is not None
    assert changed["aggregationRule"] == {"clusterRoleSelectors": [{"matchLabels": {"c": "d"}}, selector]}
    assert changed["rules"] == []
    assert reconcile(changed, wanted) is None


def test_subjects_that_are_missing_are_added() -> None:
    existing = binding("b", "ClusterRole", "r", "User:mine")
    changed = reconcile(existing, binding("b", "ClusterRole", "r", "Group:theirs"))

    assert changed == binding("b", "ClusterRole", "r", "User:mine", "Group:theirs")


def test_a_binding_to_another_role_keeps_it() -> None:
    existing = binding("b", "ClusterRole", "other", "User:mine")
    assert reconcile(existing, binding("b", "ClusterRole", "r", "Group:theirs")) is None
