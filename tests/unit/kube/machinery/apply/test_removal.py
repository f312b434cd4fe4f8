"""What a field set takes out."""

import json

from hypothesis import given

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object
from tests.unit.kube.machinery.patches.schemas import NUMBER, OBJECT, SPEC, TEXT, listing, mapping, struct
from wherry.kube.machinery.apply.fieldsets import NOTHING, member, of_paths, union
from wherry.kube.machinery.apply.merging import merged
from wherry.kube.machinery.apply.owning import field_set
from wherry.kube.machinery.apply.removal import extracted, pruned, reconciled, without


def test_members_go_with_all_that_is_in_them_and_empty_maps_and_lists_too() -> None:
    value = {"replicas": 1, "limits": {"a": 1, "b": 2}, "items": [{"name": "a", "image": "x"}, {"name": "b"}]}
    gone = {
        "f:replicas": {},
        "f:limits": {"f:a": {}},
        "f:items": {'k:{"name":"a"}': {"f:image": {}}, 'k:{"name":"b"}': {".": {}, "f:name": {}}},
    }
    assert without(value, gone, SPEC) == {"limits": {"b": 2}, "items": [{"name": "a"}]}
    assert without(value, {"f:limits": {"f:a": {}, "f:b": {}}}, SPEC) == {
        key: value[key] for key in ("replicas", "items")
    }
    assert without(value, NOTHING, SPEC) is value
    gone = {"f:strategy": {"f:rolling": {"f:surge": {}}}, "f:finalizers": {'v:"a"': {}}}
    assert without({"strategy": {"rolling": {"surge": 1}}, "finalizers": ["a"]}, gone, SPEC) == {
        "strategy": {"rolling": {}}
    }


def test_single_values_are_not_taken_apart() -> None:
    value = {"opaque": {"a": "1"}, "args": ["x"]}
    assert without(value, {"f:opaque": {"f:a": {}}, "f:args": {"i:0": {}}}, SPEC) == value


def _pruned(live: Object, last: Object, now: Object, others: Object | None = None) -> Object:
    fields = field_set(now, SPEC)
    everybodys = union(fields, others or {})
    return pruned(merged(live, now, SPEC), field_set(last, SPEC), (fields, everybodys), SPEC)


def test_what_is_applied_no_more_goes() -> None:
    live = {"replicas": 1, "paused": True, "items": [{"name": "a", "image": "x"}, {"name": "b"}]}
    last = {"replicas": 1, "items": [{"name": "a", "image": "x"}]}
    others = {"f:items": {'k:{"name":"b"}': {".": {}, "f:name": {}}}}
    assert _pruned(live, last, {"replicas": 1}, others) == {
        "replicas": 1,
        "paused": True,
        "items": [{"name": "b"}],
    }


def test_an_object_goes_with_the_last_that_is_owned_in_it_and_takes_along_what_nobody_owns() -> None:
    live = {"strategy": {"type": "defaulted", "rolling": {"surge": 1}}, "replicas": 1}
    last = {"strategy": {"rolling": {"surge": 1}}}
    assert _pruned(live, last, {"replicas": 1}) == {"replicas": 1}
    others = {"f:strategy": {"f:type": {}}}
    assert _pruned(live, last, {"replicas": 1}, others) == {"strategy": {"type": "defaulted"}, "replicas": 1}


def test_an_object_that_is_applied_empty_stays_empty() -> None:
    live = {"strategy": {"rolling": {"surge": 1}}}
    assert _pruned(live, live, {"strategy": {"rolling": {}}}) == {"strategy": {"rolling": {}}}


def test_what_somebody_else_owns_stays() -> None:
    live = {"limits": {"a": 1}, "items": [{"name": "a", "image": "x"}, {"name": "b"}]}
    last = live
    others = {"f:limits": {"f:a": {}}, "f:items": {'k:{"name":"a"}': {".": {}, "f:name": {}}}}
    assert _pruned(live, last, {"replicas": 1}, others) == {
        "limits": {"a": 1},
        "items": [{"name": "a"}],
        "replicas": 1,
    }


def test_an_element_that_is_applied_no_more_takes_along_what_nobody_owns() -> None:
    live = {"items": [{"name": "a", "image": "x", "args": ["defaulted"]}]}
    last = {"items": [{"name": "a", "image": "x"}]}
    assert _pruned(live, last, {"replicas": 1}) == {"replicas": 1}


@given(OBJECTS, OBJECTS)
def test_everything_goes_when_nothing_is_applied_any_more(live: Object, last: Object) -> None:
    last["spec"].pop("anything", None)  # where a type may change
    found = pruned(merged(live, last, OBJECT), field_set(last, OBJECT), (NOTHING, field_set(live, OBJECT)), OBJECT)
    assert field_set(found, OBJECT) == field_set(live, OBJECT)


@given(OBJECTS)
def test_nothing_goes_when_all_is_applied_again(live: Object) -> None:
    fields = field_set(live, OBJECT)
    assert pruned(live, fields, (fields, fields), OBJECT) is live


def test_a_set_follows_the_schema_when_something_becomes_one_value() -> None:
    was = {
        "f:args": {'v:"x"': {}},
        "f:selector": {"f:labels": {".": {}, "f:a": {}}},
        "f:limits": {"f:a": {}},
        "f:items": {'k:{"name":"a"}': {".": {}, "f:args": {'v:"x"': {}}}},
        "f:unknown": {"f:x": {}},
    }
    assert reconciled(was, SPEC) == {
        "f:args": {},
        "f:selector": {},
        "f:limits": {"f:a": {}},
        "f:items": {'k:{"name":"a"}': {".": {}, "f:args": {}}},
        "f:unknown": {"f:x": {}},
    }
    now = struct(args=listing(TEXT, list_type="set"), limits=mapping(NUMBER, "atomic"))
    assert reconciled({"f:args": {}, "f:limits": member({"f:a": {}})}, now) == of_paths(["args", "limits"])


@given(OBJECTS)
def test_a_set_of_this_schema_stays_the_very_same(document: Object) -> None:
    fields = field_set(document, OBJECT)
    assert reconciled(fields, OBJECT) is fields


@given(OBJECTS, OBJECTS)
def test_extracting_gives_back_what_was_merged(live: Object, applied: Object) -> None:
    before = json.dumps(live)
    found = extracted(merged(live, applied, OBJECT), field_set(applied, OBJECT), OBJECT)
    assert merged(found, applied, OBJECT) is found
    assert field_set(found, OBJECT) == field_set(applied, OBJECT)
    assert json.dumps(live) == before


def test_extracted_elements_have_their_keys() -> None:
    value = {"items": [{"name": "a", "image": "x", "args": ["y"]}], "finalizers": ["f", "g"]}
    fields = {"f:items": {'k:{"name":"a"}': {"f:image": {}}}, "f:finalizers": {'v:"g"': {}}}
    assert extracted(value, fields, SPEC) == {"items": [{"name": "a", "image": "x"}], "finalizers": ["g"]}
