from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.client import fakerules
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import StatusError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
THINGS = GroupResource("example.com", "things")


def thing(**meta: object) -> Object:
    base = {"name": "a", "uid": "u", "resourceVersion": "3", "generation": 1}
    return {"kind": "Thing", "metadata": {**base, **meta}, "spec": {"n": 1}, "status": {"ok": True}}


def test_a_status_subresource_changes_nothing_else() -> None:
    new = {**thing(labels={"a": "b"}), "spec": {"n": 2}, "status": {"ok": False}}
    assert fakerules.updated(THINGS, new, thing(), "status") == {**thing(), "status": {"ok": False}}


def test_an_update_changes_all_but_the_status_and_counts_when_the_rest_changed() -> None:
    new = fakerules.updated(THINGS, {**thing(), "spec": {"n": 2}, "status": {}}, thing(), "")
    assert new == {**thing(generation=2), "spec": {"n": 2}}


def test_what_the_server_gave_cannot_be_taken_or_forged() -> None:
    forged = {**thing(deletionTimestamp="2026-01-01T00:00:00Z", generation=9), "spec": {"n": 1}}
    assert fakerules.updated(THINGS, forged, thing(), "") == thing()


def test_an_unknown_subresource_is_refused() -> None:
    with pytest.raises(StatusError):
        fakerules.updated(THINGS, thing(), thing(), "binding")


def test_by_its_scale_only_replicas_change() -> None:
    old = {**thing(), "spec": {"replicas": 1, "other": "stays"}}
    new = {**thing(), "spec": {"replicas": 2, "other": "goes"}}
    assert fakerules.updated(THINGS, new, old, "scale")["spec"] == {"replicas": 2, "other": "stays"}


@given(st.lists(st.sampled_from(["Orphan", "Foreground", "Background"]), min_size=1))
def test_the_last_policy_counts_and_other_finalizers_stay(policies: list[str]) -> None:
    obj = thing(finalizers=["mine"])
    for policy in policies:
        fakerules.deleted(THINGS, obj, {"propagationPolicy": policy}, NOW)
    expected = {"Orphan": ["orphan"], "Foreground": ["foregroundDeletion"], "Background": []}[policies[-1]]
    assert obj["metadata"]["finalizers"] == ["mine", *expected] and not fakerules.is_gone(obj)


def test_an_object_is_gone_when_nothing_holds_it() -> None:
    obj = thing()
    assert not fakerules.is_gone(obj)
    fakerules.deleted(THINGS, obj, {}, NOW)
    assert fakerules.is_gone(obj)
