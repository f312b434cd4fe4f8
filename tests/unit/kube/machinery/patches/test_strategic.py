"""Strategic merge patch."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.machinery.patches.documents import JSON, nested
from tests.unit.kube.machinery.patches.schemas import OBJECT, SPEC
from tests.unit.kube.machinery.patches.threeway import three_way
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.patches.strategic import apply, fresh
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.status import StatusError

Object = dict[str, Any]


def _refusal(document: Object, patch: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        apply(document, patch, SPEC)
    return caught.value


def _names(elements: list[Object]) -> list[str]:
    return [each["name"] for each in elements]


def test_objects_and_maps_are_merged_and_null_deletes() -> None:
    document = {"replicas": 1, "paused": True, "limits": {"cpu": "1", "memory": "1Gi"}}
    patch = {
        "replicas": 2,
        "paused": None,
        "limits": {"cpu": None, "disk": 1},
        "strategy": {"type": "x", "rolling": None},
    }
    assert apply(document, patch, SPEC) == {
        "replicas": 2,
        "limits": {"memory": "1Gi", "disk": 1},
        "strategy": {"type": "x"},
    }


def test_elements_are_merged_by_key_and_new_ones_come_first() -> None:
    document = {"items": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}
    merged = apply(document, {"items": [{"name": "c"}, {"name": "b", "image": "2"}]}, SPEC)
    assert merged["items"] == [{"name": "c"}, {"name": "a", "image": "1"}, {"name": "b", "image": "2"}]


def test_nested_lists_are_merged_too() -> None:
    document = {"items": [{"name": "a", "variables": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}]}
    patch = {"items": [{"name": "a", "variables": [{"name": "Y", "value": "3"}]}]}
    assert apply(document, patch, SPEC)["items"][0]["variables"] == [
        {"name": "X", "value": "1"},
        {"name": "Y", "value": "3"},
    ]


def test_an_element_is_deleted_by_key_and_a_list_replaced_by_directive() -> None:
    document = {"items": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}
    assert _names(apply(document, {"items": [{"$patch": "delete", "name": "a"}]}, SPEC)["items"]) == ["b"]
    replaced = apply(document, {"items": [{"name": "c"}, {"$patch": "replace"}]}, SPEC)
    assert replaced == {"items": [{"name": "c"}]}
    assert apply(document, {"items": [{"$patch": "replace"}]}, SPEC) == {"items": []}


def test_an_object_is_replaced_or_emptied_by_directive() -> None:
    document = {"limits": {"cpu": "1"}, "strategy": {"type": "a", "rolling": {"surge": 1}}}
    assert apply(document, {"limits": {"$patch": "replace", "disk": 1}}, SPEC)["limits"] == {"disk": 1}
    assert apply(document, {"strategy": {"$patch": "delete"}}, SPEC)["strategy"] == {}
    assert apply(document, {"$patch": "replace", "replicas": 1}, SPEC) == {"replicas": 1}
    assert apply({}, {"limits": {"$patch": "delete"}, "items": [{"name": "a", "$patch": "delete"}]}, SPEC) == {
        "items": []
    }


def test_a_field_with_strategy_replace_is_replaced() -> None:
    assert apply({"replaced": {"a": "1", "b": "2"}}, {"replaced": {"a": "3"}}, SPEC) == {"replaced": {"a": "3"}}


def test_a_list_without_strategy_is_replaced() -> None:
    assert apply({"args": ["a", "b"]}, {"args": ["c"]}, SPEC) == {"args": ["c"]}
    assert apply({"args": ["a", "b"]}, {"args": []}, SPEC) == {"args": []}


def test_lists_of_scalars_are_united_and_deleted_from() -> None:
    document = {"finalizers": ["a", "b"]}
    assert apply(document, {"finalizers": ["b", "c"]}, SPEC)["finalizers"] == ["a", "b", "c"]
    patch = {"$deleteFromPrimitiveList/finalizers": ["a", "zzz"], "finalizers": ["c"]}
    assert apply(document, patch, SPEC)["finalizers"] == ["c", "b"]
    assert apply({}, {"$deleteFromPrimitiveList/finalizers": ["a"]}, SPEC) == {}


def test_the_order_of_elements_is_set() -> None:
    document = {"items": [{"name": "a"}, {"name": "x"}, {"name": "b"}]}
    order = {"$setElementOrder/items": [{"name": "b"}, {"name": "a"}]}
    assert _names(apply(document, order, SPEC)["items"]) == ["x", "b", "a"]
    more = {"$setElementOrder/items": [{"name": "a"}, {"name": "c"}, {"name": "b"}], "items": [{"name": "c"}]}
    assert _names(apply(document, more, SPEC)["items"]) == ["a", "c", "x", "b"]
    assert apply({}, order, SPEC) == {}
    scalars = {"$setElementOrder/finalizers": ["b", "c", "a"], "finalizers": ["c"]}
    assert apply({"finalizers": ["a", "b"]}, scalars, SPEC)["finalizers"] == ["b", "c", "a"]


def test_a_list_can_be_deleted_although_its_order_is_set() -> None:
    patch = {"$setElementOrder/items": [{"name": "a"}], "items": None}
    assert apply({"items": [{"name": "a"}]}, patch, SPEC) == {}


def test_fields_that_are_not_retained_go() -> None:
    document = {"strategy": {"type": "Rolling", "rolling": {"surge": 1}}}
    patch = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert apply(document, patch, SPEC) == {"strategy": {"type": "Recreate"}}
    volumes = {"volumes": [{"name": "v", "image": "x", "source": {"kind": "a"}}]}
    patch = {"volumes": [{"name": "v", "$retainKeys": ["name", "source"], "source": {"url": "u"}}]}
    assert apply(volumes, patch, SPEC) == {"volumes": [{"name": "v", "source": {"kind": "a", "url": "u"}}]}
    assert apply({}, patch, SPEC) == {"volumes": [{"name": "v", "source": {"url": "u"}}]}


def test_maps_of_objects_and_anything_are_merged() -> None:
    document = {"nested": {"x": {"a": "1"}}, "anything": {"deep": {"list": [1], "b": 1}}}
    patch = {"nested": {"x": {"b": "2"}}, "anything": {"deep": {"list": [2]}}}
    assert apply(document, patch, SPEC) == {
        "nested": {"x": {"a": "1", "b": "2"}},
        "anything": {"deep": {"list": [2], "b": 1}},
    }


REFUSED: list[tuple[Any, int, str]] = [
    ({"items": [{"image": "x"}]}, 400, "map: map[image:x] does not contain declared merge key: name"),
    ({"items": ["x"]}, 400, "list element types are not identical: [[map[name:a]] [x]]"),
    ({"items": [{"$patch": "delete"}]}, 400, "map: map[$patch:delete] does not contain declared merge key: name"),
    (
        {"items": [{"$patch": "frob", "name": "a"}]},
        400,
        "unknown patch type: frob in map: map[$patch:frob name:a]",
    ),
    ({"items": [{"$patch": "merge", "name": "a"}]}, 400, "merging lists cannot yet be specified in the patch"),
    ({"limits": {"$patch": "merge", "a": 1}}, 400, "unknown patch type: merge in map: map[$patch:merge a:1]"),
    ({"limits": {"$patch": 1}}, 400, "unknown patch type: %!s(int64=1) in map: map[$patch:1]"),
    ({"strategy": {"$retainKeys": "type"}}, 400, "invalid patch format of retainKeys"),
    ({"strategy": {"$retainKeys": ["type"], "rolling": {}}}, 400, "invalid patch format of retainKeys"),
    ({"$setElementOrder/items": "x"}, 400, "expected a []interface {}, but received a string"),
    ({"$setElementOrder": []}, 400, "invalid patch format of setElementOrder list"),
    ({"$setElementOrder/limits": []}, 400, "expected a []interface {}, but received a map[string]interface {}"),
    ({"$deleteFromPrimitiveList": ["a"]}, 400, "invalid patch format of primitive list"),
    ({"$deleteFromPrimitiveList/finalizers": [{}]}, 400, "invalid patch format of primitive list"),
    ({"$deleteFromPrimitiveList/finalizers": None}, 400, "invalid patch format of primitive list"),
    ({"unkeyed": [{"name": "a"}]}, 400, "cannot merge lists without merge key for type struct"),
    ({"odd": {}}, 400, 'unable to find api field in struct Spec for the json field "odd"'),
    ({"matrix": [["a"]]}, 422, "the server rejected our request due to an error in our request"),
    ([], 400, "expected a map, but received a slice"),
    ("x", 400, "expected a map, but received a string"),
]


@pytest.mark.parametrize(("patch", "code", "message"), REFUSED)
def test_refusals_have_upstream_s_words(patch: Any, code: int, message: str) -> None:
    document = {
        "items": [{"name": "a"}],
        "limits": {"cpu": 1},
        "finalizers": ["a"],
        "strategy": {"type": "a"},
        "unkeyed": [{"name": "a"}],
        "odd": {},
        "matrix": [["b"]],
    }
    error = _refusal(document, patch)
    assert (error.code, error.message) == (code, message)


def test_a_patch_must_agree_with_the_order_that_it_sets() -> None:
    patch = {"$setElementOrder/items": [{"name": "a"}], "items": [{"name": "b"}]}
    assert "doesn't match $setElementOrder list" in _refusal({"items": [{"name": "a"}]}, patch).message


def test_nothing_of_the_patch_is_shared_and_what_did_not_change_is() -> None:
    document = {"spec": {"items": [{"name": "a"}], "limits": {"cpu": "1"}}, "metadata": {"labels": {"x": "y"}}}
    patch = {"spec": {"items": [{"name": "b", "variables": [{"name": "X"}]}]}}
    before = json.dumps([document, patch])
    merged = apply(document, patch, OBJECT)
    assert merged["metadata"] is document["metadata"]
    merged["spec"]["items"][0]["variables"][0]["name"] = "spoilt"
    assert json.loads(before)[1] == patch
    assert json.dumps([document, patch]) == before


def test_depth_is_bounded() -> None:
    deep = {"anything": nested(5000)}
    assert _refusal(deep, deep).message == "exceeded max depth"


def test_a_huge_list_is_merged_in_no_quadratic_time() -> None:
    elements = [{"name": f"n{index}", "image": "x"} for index in range(20_000)]
    merged = apply(
        {"items": elements}, {"items": [{"name": f"n{index}", "image": "y"} for index in range(20_000)]}, SPEC
    )
    assert {each["image"] for each in merged["items"]} == {"y"}


def test_null_is_no_change() -> None:
    assert apply({"replicas": 1}, None, SPEC) == {"replicas": 1}


def test_a_built_in_kind_brings_its_keys() -> None:
    schema = schema_of(GroupVersionKind("apps", "v1", "Deployment"))
    document = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}}}}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "2"}]}}}}
    merged = apply(document, patch, schema)
    assert merged["spec"]["template"]["spec"]["containers"] == [{"name": "a", "image": "2"}, {"name": "b"}]


NAMES = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.sampled_from(["1", "2", "3"])


def _keyed(strategy: st.SearchStrategy[Object]) -> st.SearchStrategy[list[Object]]:
    return st.lists(strategy, max_size=4, unique_by=lambda each: each["name"])


VARIABLES = _keyed(st.fixed_dictionaries({"name": NAMES}, optional={"value": VALUES}))
ITEMS = _keyed(st.fixed_dictionaries({"name": NAMES}, optional={"image": VALUES, "variables": VARIABLES}))
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3),
        "items": ITEMS,
        "finalizers": st.lists(NAMES, unique=True, max_size=4),
        "args": st.lists(NAMES, max_size=3),
        "limits": st.dictionaries(NAMES, st.integers(0, 2), max_size=3),
        "nested": st.dictionaries(NAMES, st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES}), max_size=2),
        "replaced": st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES}),
        "strategy": st.fixed_dictionaries({}, optional={"type": VALUES, "rolling": st.just({"surge": 1})}),
    },
)


@given(SPECS, SPECS)
def test_the_patch_between_two_objects_makes_the_one_of_the_other(old: Object, new: Object) -> None:
    assert apply(old, three_way(old, old, new, SPEC), SPEC) == new


@given(SPECS, SPECS, SPECS)
def test_a_three_way_patch_leaves_alone_what_others_did(last: Object, live: Object, new: Object) -> None:
    before = json.dumps([live, new])
    patch = three_way(last, live, new, SPEC)
    found = apply(live, patch, SPEC)
    assert json.dumps([live, new]) == before
    for key in SPEC.properties:
        if key in last and key not in new:
            assert key not in found
        elif key not in new:
            assert found.get(key) == live.get(key)
    assert all(found[key] == new[key] for key in ("replicas", "args", "replaced") if key in new)
    assert new.get("limits", {}).items() <= found.get("limits", {}).items()
    for name in ("items", "finalizers"):
        ours, theirs, old = _keys(new, name), _keys(live, name), _keys(last, name)
        if name in new:
            assert set(_keys(found, name)) == set(ours) | (set(theirs) - set(old))
            assert [each for each in _keys(found, name) if each in ours] == ours or not _touched(patch, name)
    assert apply(found, three_way(new, found, new, SPEC), SPEC) == found


def _keys(spec: Object, name: str) -> list[str]:
    return [each["name"] if isinstance(each, dict) else each for each in spec.get(name, [])]


def _touched(patch: Object, name: str) -> bool:
    return f"$setElementOrder/{name}" in patch


@given(JSON)
def test_a_fresh_value_has_no_directives_and_no_null_fields(value: Any) -> None:
    assert '"$patch"' not in json.dumps(fresh({"x": {"$patch": "delete"}, "y": [value, {"$patch": "delete"}]}))
    assert fresh({"a": None, "$retainKeys": [], "$setElementOrder/a": [], "b": {"c": None}}) == {"b": {}}


@given(st.dictionaries(st.sampled_from([*SPEC.properties, "$retainKeys", "$setElementOrder/items"]), JSON, max_size=4))
def test_whatever_the_patch_only_status_errors_come(patch: Object) -> None:
    document: Object = {"items": [{"name": "a"}], "finalizers": ["a"], "limits": {"a": 1}, "strategy": {"type": "a"}}
    try:
        apply(document, patch, SPEC)
    except StatusError as error:
        assert error.code in (400, 422)
