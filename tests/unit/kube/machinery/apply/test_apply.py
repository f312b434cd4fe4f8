"""Server-side apply."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object, bare, entry, manager, names, obj
from tests.unit.kube.machinery.patches.documents import nested
from tests.unit.kube.machinery.patches.schemas import NUMBER, OBJECT, SPEC, mapping, struct
from wherry.kube.machinery.apply.apply import server_side_apply
from wherry.kube.machinery.apply.comparison import compare
from wherry.kube.machinery.apply.fieldsets import intersection
from wherry.kube.machinery.apply.lastapplied import ANNOTATION
from wherry.kube.machinery.apply.managed import Manager, track_update
from wherry.kube.machinery.apply.owning import field_set
from wherry.kube.machinery.apply.removal import without
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.status import StatusError

FIRST, SECOND, THIRD = (f"2026-01-01T00:00:0{second}Z" for second in range(3))


def apply(live: Object | None, spec: Object, name: str = "me", force: bool = False, **more: Any) -> Object:
    return server_side_apply(live, obj(spec), manager(name, **more), force)


def update(live: Object | None, spec: Object, name: str = "editor", time: str = SECOND) -> Object:
    new: Object = json.loads(json.dumps({**(live or obj()), "spec": spec}))
    track_update(live, new, manager(name, "Update", time))
    return new


def refusal(live: Object | None, spec: Object, name: str = "me") -> StatusError:
    with pytest.raises(StatusError) as caught:
        apply(live, spec, name)
    return caught.value


def test_an_object_is_made_of_what_is_applied() -> None:
    spec = {"replicas": 1, "items": [{"name": "a", "ports": [{"port": 80}]}]}
    applied = obj(spec, labels={"a": "b"})
    live = server_side_apply(None, applied, manager(), False)
    assert bare(live) == applied
    assert live["metadata"]["managedFields"] == [
        {
            "manager": "me",
            "operation": "Apply",
            "apiVersion": "test/v1",
            "time": FIRST,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {"f:a": {}}},
                "f:spec": {
                    "f:items": {
                        'k:{"name":"a"}': {
                            ".": {},
                            "f:name": {},
                            "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}},
                        }
                    },
                    "f:replicas": {},
                },
            },
        }
    ]


def test_two_managers_own_what_each_has_applied() -> None:
    live = apply(apply(None, {"replicas": 1}), {"paused": True}, "other")
    assert live["spec"] == {"replicas": 1, "paused": True}
    assert entry(live, "me")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert entry(live, "other")["fieldsV1"] == {"f:spec": {"f:paused": {}}}


def test_the_same_value_is_owned_together_and_stays_until_both_let_go() -> None:
    live = apply(apply(None, {"replicas": 1, "paused": True}), {"replicas": 1, "args": []}, "other")
    live = apply(live, {"paused": True})
    assert live["spec"]["replicas"] == 1
    live = apply(live, {"args": []}, "other")
    assert live["spec"] == {"paused": True, "args": []}


def test_another_value_is_a_conflict_and_force_takes_the_field() -> None:
    live = apply(None, {"replicas": 1, "paused": True})
    error = refusal(live, {"replicas": 2}, "other")
    assert error.code == 409
    assert error.message == 'Apply failed with 1 conflict: conflict with "me": .spec.replicas'
    forced = apply(live, {"replicas": 2}, "other", force=True)
    assert forced["spec"] == {"replicas": 2, "paused": True}
    assert entry(forced, "me")["fieldsV1"] == {"f:spec": {"f:paused": {}}}
    assert entry(forced, "me")["time"] == FIRST


def test_conflicts_with_updaters_name_their_version() -> None:
    live = update(None, {"replicas": 1, "items": [{"name": "a", "image": "1"}]})
    error = refusal(live, {"replicas": 2, "items": [{"name": "a", "image": "2"}]})
    assert error.message == (
        'Apply failed with 2 conflicts: conflicts with "editor" using test/v1:\n'
        '- .spec.replicas\n- .spec.items[name="a"].image'
    )
    assert [cause["field"] for cause in error.details["causes"]] == [".spec.replicas", '.spec.items[name="a"].image']


def test_an_apply_that_changes_nothing_gives_back_the_live_object() -> None:
    live = apply(None, {"replicas": 1, "items": [{"name": "a"}]})
    assert apply(live, {"items": [{"name": "a"}], "replicas": 1}, time=SECOND) == live


def test_a_changed_value_or_a_changed_set_has_a_new_time() -> None:
    live = apply(None, {"replicas": 1, "paused": True})
    assert entry(apply(live, {"replicas": 2, "paused": True}, time=SECOND), "me")["time"] == SECOND
    shared = apply(live, {"paused": True}, "other")
    less = apply(shared, {"replicas": 1}, time=SECOND)
    assert bare(less) == bare(shared)
    assert [entry(less, name)["time"] for name in ("me", "other")] == [SECOND, FIRST]


def test_true_becomes_one() -> None:
    live = apply(None, {"anything": {"a": True}})
    again = apply(live, {"anything": {"a": 1}}, time=SECOND)
    assert again["spec"]["anything"]["a"] is not True
    assert entry(again, "me")["time"] == SECOND


def test_a_defaulted_element_that_is_applied_no_more_takes_its_defaults_along() -> None:
    live = apply(None, {"items": [{"name": "a", "source": {"path": "x"}}]})
    live["spec"]["items"][0]["source"]["kind"] = "defaulted"
    assert apply(live, {"items": [{"name": "a"}]})["spec"] == {"items": [{"name": "a"}]}


def test_an_object_that_nobody_tracked_belongs_to_one_before() -> None:
    live = obj({"replicas": 1, "paused": True}, labels={"a": "b"})
    error = refusal(live, {"replicas": 2})
    assert (
        error.message
        == 'Apply failed with 1 conflict: conflict with "before-first-apply" using test/v1: .spec.replicas'
    )
    new = apply(live, {"replicas": 1}, time=SECOND)
    assert names(new) == ["me", "before-first-apply"]
    assert entry(new, "before-first-apply", "Update") == {
        "manager": "before-first-apply",
        "operation": "Update",
        "apiVersion": "test/v1",
        "time": SECOND,
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {"f:paused": {}, "f:replicas": {}},
        },
    }


def test_managed_fields_cannot_be_applied() -> None:
    with pytest.raises(StatusError) as caught:
        server_side_apply(None, obj({}, managedFields=[{"manager": "x"}]), manager(), False)
    assert (caught.value.code, caught.value.message) == (400, "metadata.managedFields must be nil")
    assert server_side_apply(None, obj(managedFields=[]), manager(), False) == obj()


def test_what_does_not_fit_is_refused_in_upstream_s_words() -> None:
    error = refusal(None, {"frob": 1})
    assert error.code == 400
    assert error.message == (
        "failed to create typed patch object (/x; test/v1, Kind=Object): .spec.frob: field not declared in schema"
    )
    error = refusal(None, {"items": [{"name": "a"}, {"name": "a"}], "replicas": "1"})
    assert error.message.splitlines()[1:] == [
        '  .spec.items: duplicate entries for key [name="a"]',
        "  .spec.replicas: expected numeric (int or float), got string",
    ]


@pytest.mark.parametrize("metadata", [[], "x", None])
def test_odd_metadata_is_refused_or_none(metadata: Any) -> None:
    applied = {**obj({"replicas": 1}), "metadata": metadata}
    if metadata is None:
        for live in (obj(uid="u"), None):
            assert names(server_side_apply(live, applied, manager(), False)) == ["me"]
        return
    with pytest.raises(StatusError, match="expected map"):
        server_side_apply(None, applied, manager(), False)


def test_the_core_group_has_no_name_in_refusals() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": {"frob": 1}}
    by = manager(schema=schema_of(GroupVersionKind("", "v1", "Pod")), api_version="v1")
    with pytest.raises(StatusError, match="typed patch object") as caught:
        server_side_apply(None, pod, by, False)
    assert caught.value.message.startswith("failed to create typed patch object (n/p; /v1, Kind=Pod): ")


def test_the_status_is_its_subresource_s() -> None:
    applied: Object = {**obj({"replicas": 1}), "status": {"phase": "x"}}
    live = server_side_apply(None, applied, manager(), False)
    assert entry(live, "me")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    live = server_side_apply(live, applied, manager("c", subresource="status"), False)
    assert entry(live, "c", "Apply", "status")["fieldsV1"] == {"f:status": {"f:phase": {}}}
    with pytest.raises(StatusError) as caught:
        applied["status"] = {"phase": "y"}
        server_side_apply(live, applied, manager("d", subresource="status"), False)
    assert caught.value.message == (
        'Apply failed with 1 conflict: conflict with "c" with subresource "status": .status.phase'
    )


def test_fields_that_are_reset_are_not_owned() -> None:
    by = manager(reset_fields=("spec.paused",))
    live = server_side_apply(None, obj({"replicas": 1, "paused": True}), by, False)
    assert entry(live, "me")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


def test_an_applier_that_applies_nothing_has_no_entry() -> None:
    live = apply(apply(None, {"replicas": 1}), {"paused": True}, "other")
    gone = server_side_apply(live, obj(), manager(), False)
    assert names(gone) == ["other"]
    assert gone["spec"] == {"paused": True}


def test_another_version_takes_the_entry_over() -> None:
    live = apply(None, {"replicas": 1})
    new = apply(live, {"replicas": 1}, api_version="test/v2", time=SECOND)
    assert [(each["apiVersion"], each["time"]) for each in new["metadata"]["managedFields"]] == [("test/v2", SECOND)]


def test_a_custom_resource_without_a_word_of_metadata_is_applied() -> None:
    schema = struct(spec=struct(size=NUMBER, tags=mapping()))
    by = manager(schema=schema)
    applied = obj({"size": 1, "tags": {"a": "b"}}, labels={"a": "b"}, finalizers=["f"])
    live = server_side_apply(None, applied, by, False)
    assert entry(live, "me")["fieldsV1"] == {
        "f:metadata": {"f:finalizers": {'v:"f"': {}}, "f:labels": {"f:a": {}}},
        "f:spec": {"f:size": {}, "f:tags": {"f:a": {}}},
    }


def test_kubectl_takes_over_what_client_side_apply_has_set() -> None:
    last = json.dumps(obj({"replicas": 1, "paused": True}))
    live = obj({"replicas": 1, "paused": False}, annotations={ANNOTATION: last})
    track_update(None, live, manager("kubectl-client-side-apply", "Update"))
    assert refusal(live, {"replicas": 2}, "other").code == 409
    new = apply(live, {"replicas": 2}, "kubectl")
    assert new["spec"]["replicas"] == 2
    assert json.loads(new["metadata"]["annotations"][ANNOTATION]) == obj({"replicas": 2})
    error = refusal(live, {"replicas": 2, "paused": True}, "kubectl")
    assert [cause["field"] for cause in error.details["causes"]] == [".spec.paused"]


def test_depth_is_bounded() -> None:
    deep = nested(5000)
    with pytest.raises(StatusError, match="exceeded max depth"):
        apply({**obj({"anything": deep}), "metadata": {"name": "x"}}, {"anything": nested(5000)})


def test_a_huge_list_is_no_work_that_grows_with_the_square() -> None:
    def spec(image: str, count: int) -> Object:
        return {"items": [{"name": f"n{index}", "image": image} for index in range(count)]}

    live = apply(apply(None, spec("1", 5000)), spec("2", 4000))
    assert [each["image"] for each in live["spec"]["items"]] == ["2"] * 4000


def test_a_deployment_is_applied_by_its_own_schema() -> None:
    schema = schema_of(GroupVersionKind("apps", "v1", "Deployment"))
    container = {"name": "c", "image": "i:1", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}]}
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": pod}
    applied = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}
    live = server_side_apply(None, applied, manager(schema=schema, api_version="apps/v1"), False)
    live["spec"]["template"]["spec"]["containers"][0]["ports"][0]["protocol"] = "TCP"
    live["spec"]["strategy"] = {"type": "RollingUpdate"}
    again = server_side_apply(live, applied, manager(schema=schema, api_version="apps/v1", time=SECOND), False)
    assert again == live
    scaled = {**live, "spec": {**live["spec"], "replicas": 5}}
    track_update(live, scaled, Manager("hpa", "Update", "apps/v1", THIRD, "scale", schema))
    with pytest.raises(StatusError) as caught:
        server_side_apply(scaled, applied, manager(schema=schema, api_version="apps/v1"), False)
    assert caught.value.message == (
        'Apply failed with 1 conflict: conflict with "hpa" with subresource "scale" using apps/v1: .spec.replicas'
    )


# Properties


@given(OBJECTS)
def test_what_is_applied_to_nothing_is_what_there_is(applied: Object) -> None:
    assert bare(server_side_apply(None, applied, manager(), False)) == applied


@given(OBJECTS, OBJECTS)
def test_applying_twice_is_applying_once(live: Object, applied: Object) -> None:
    before = json.dumps([live, applied])
    once = server_side_apply(server_side_apply(None, live, manager("other"), False), applied, manager(), True)
    assert server_side_apply(once, applied, manager(time=SECOND), False) == once
    assert json.dumps([live, applied]) == before


@given(OBJECTS, OBJECTS)
def test_all_that_is_applied_is_there(live: Object, applied: Object) -> None:
    found = server_side_apply(server_side_apply(None, live, manager("other"), False), applied, manager(), True)
    differs = compare(applied, bare(found), OBJECT)
    assert not differs.modified
    assert not differs.removed


@given(OBJECTS, OBJECTS)
def test_managers_of_different_fields_come_in_any_order(one: Object, other: Object) -> None:
    other = _without_common(other, one)
    first = server_side_apply(server_side_apply(None, one, manager("a"), False), other, manager("b"), False)
    second = server_side_apply(server_side_apply(None, other, manager("b"), False), one, manager("a"), False)
    assert compare(bare(first), bare(second), OBJECT).is_same
    assert first["metadata"]["managedFields"] == second["metadata"]["managedFields"]


def _without_common(document: Object, other: Object) -> Object:
    """Only what the other one has not; they are of one name."""
    fields = intersection(field_set(document, OBJECT), field_set(other, OBJECT))
    identity = obj()
    left = without(document, fields, OBJECT)
    return {**left, **identity, "metadata": {**left.get("metadata", {}), **identity["metadata"]}}


@given(OBJECTS, OBJECTS)
def test_all_goes_when_nothing_is_applied_any_more(live: Object, applied: Object) -> None:
    alone = server_side_apply(None, applied, manager(), False)
    assert server_side_apply(alone, obj(), manager(), False) == obj()
    both = server_side_apply(server_side_apply(None, live, manager("other"), False), applied, manager(), True)
    assert names(server_side_apply(both, obj(), manager(), False)) in (["other"], [])


@given(OBJECTS, OBJECTS)
def test_who_does_not_force_changes_nothing_of_others(live: Object, applied: Object) -> None:
    before = server_side_apply(None, live, manager("other"), False)
    try:
        after = server_side_apply(before, applied, manager(), False)
    except StatusError as error:
        assert error.code == 409
        return
    changes = compare(bare(before), bare(after), OBJECT)
    assert not changes.removed
    assert not intersection(changes.modified, field_set(live, OBJECT))
    assert entry(after, "other") == entry(before, "other")


def test_the_schema_for_these_tests_has_one_of_everything() -> None:
    kinds = {(each.type, each.list_type, each.map_type, each.is_map) for each in SPEC.properties.values()}
    assert len(kinds) > 8
