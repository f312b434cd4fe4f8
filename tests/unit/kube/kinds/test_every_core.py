import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.kinds.generated import generated
from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds.componentstatus import KIND as COMPONENT_STATUS
from wherry.kube.kinds.every_core import core
from wherry.kube.kinds.model import ALL_VERBS, Context, Kind
from wherry.kube.kinds.serviceaccount import KIND as SERVICE_ACCOUNT
from wherry.kube.machinery.model import Object

KINDS = core()
ONE_AT_A_TIME = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.resource))


def test_the_core_group_is_whole() -> None:
    assert {kind.plural for kind in KINDS if not kind.group} == {
        "bindings",
        "componentstatuses",
        "configmaps",
        "endpoints",
        "events",
        "limitranges",
        "namespaces",
        "nodes",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "serviceaccounts",
        "services",
    }


def pair(kind: Kind, seed: int) -> tuple[Object, Object]:
    """Two objects with defaults."""
    random = Random(seed)
    (version,) = kind.versions
    found = generated(kind, version, random), generated(kind, version, random)
    for each in found:
        kind.strategy.default(each)
    return found


@ONE_AT_A_TIME
@given(seed=st.integers())
@settings(max_examples=30)
def test_defaults_are_given_once(kind: Kind, seed: int) -> None:
    obj, _ = pair(kind, seed)
    again = copy.deepcopy(obj)
    kind.strategy.default(again)
    assert again == obj


@ONE_AT_A_TIME
@given(seed=st.integers())
@settings(max_examples=30)
def test_whatever_conforms_is_answered(kind: Kind, seed: int) -> None:
    """By what is wrong with it, not by an exception; and nobody looks at an object by changing it."""
    obj, old = pair(kind, seed)
    new, context, strategy = copy.deepcopy(obj), Context(NOW), kind.strategy
    strategy.prepare_create(new, context)
    created = copy.deepcopy(new)
    strategy.validate(new, context)
    strategy.warnings(new, None)
    assert new == created
    for subresource in ("", *kind.subresources):
        new, before = copy.deepcopy(obj), copy.deepcopy(old)
        context = Context(NOW, subresource=subresource)
        strategy.prepare_update(new, before, context)
        strategy.validate_update(new, before, context)
        strategy.generation_counts(new, before)
        assert before == old
    if kind.has_status:
        new, before = {**copy.deepcopy(old), "status": copy.deepcopy(obj.get("status") or {})}, copy.deepcopy(old)
        strategy.prepare_status_update(new, before, Context(NOW))
        strategy.validate_status_update(new, before, Context(NOW))


@ONE_AT_A_TIME
@given(seed=st.integers())
@settings(max_examples=30)
def test_whatever_conforms_is_shown(kind: Kind, seed: int) -> None:
    obj, _ = pair(kind, seed)
    if "get" not in kind.verbs:
        return  # nothing of it is ever shown
    assert kind.cells is not None
    assert len(kind.cells(obj, NOW)) == len(kind.columns)
    fields = kind.fields(obj)
    assert set(kind.selectable) <= fields.keys()
    assert all(isinstance(each, str) for each in fields.values())


def test_of_the_secrets_of_an_account_names_are_kept() -> None:
    account: Object = {"metadata": {"name": "robot", "creationTimestamp": CREATED}}
    account["secrets"] = [{"name": "a", "uid": "x"}, {"name": "b", "kind": "Secret"}]
    SERVICE_ACCOUNT.strategy.prepare_create(account, Context(NOW))
    assert account["secrets"] == [{"name": "a"}, {"name": "b"}]
    assert SERVICE_ACCOUNT.cells is not None
    assert list(SERVICE_ACCOUNT.cells(account, NOW)) == ["robot", 2, "2m5s"]


@pytest.mark.parametrize(
    ("conditions", "row"),
    [
        ([{"type": "Healthy", "status": "True", "message": "ok"}], ["etcd-0", "Healthy", "ok", ""]),
        ([{"type": "Healthy", "status": "False", "error": "down"}], ["etcd-0", "Unhealthy", "", "down"]),
        ([], ["etcd-0", "Unknown", "", ""]),
    ],
)
def test_component_statuses_can_only_be_read(conditions: list[dict[str, Any]], row: list[str]) -> None:
    assert set(COMPONENT_STATUS.verbs) < set(ALL_VERBS)
    assert COMPONENT_STATUS.verbs == ("get", "list")
    assert COMPONENT_STATUS.cells is not None
    assert list(COMPONENT_STATUS.cells({"metadata": {"name": "etcd-0"}, "conditions": conditions}, NOW)) == row
