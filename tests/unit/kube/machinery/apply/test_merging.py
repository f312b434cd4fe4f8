"""The applied configuration in the live object."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object
from tests.unit.kube.machinery.patches.schemas import OBJECT, SPEC
from wherry.kube.machinery.apply.comparison import compare
from wherry.kube.machinery.apply.fieldsets import intersection, paths
from wherry.kube.machinery.apply.merging import merged
from wherry.kube.machinery.apply.owning import field_set


def test_maps_and_elements_are_merged_and_single_values_replaced() -> None:
    live = {
        "limits": {"cpu": 1, "memory": 2},
        "items": [{"name": "a", "image": "1", "variables": [{"name": "X", "value": "1"}]}],
        "finalizers": ["a"],
        "args": ["a"],
        "selector": {"labels": {"a": "1"}},
    }
    applied = {
        "limits": {"cpu": 3},
        "items": [{"name": "a", "variables": [{"name": "X", "value": "2"}, {"name": "Y"}]}, {"name": "b"}],
        "finalizers": ["b"],
        "args": ["b"],
        "selector": {"labels": {"b": "1"}},
    }
    assert merged(live, applied, SPEC) == {
        "limits": {"cpu": 3, "memory": 2},
        "items": [
            {"name": "a", "image": "1", "variables": [{"name": "X", "value": "2"}, {"name": "Y"}]},
            {"name": "b"},
        ],
        "finalizers": ["a", "b"],
        "args": ["b"],
        "selector": {"labels": {"b": "1"}},
    }


# (live, applied, merged), of structured-merge-diff's rules of order.
ORDERS = [
    ("abc", "abc", "abc"),
    ("abc", "cba", "cba"),
    ("abc", "xby", "axbcy"),
    ("abc", "ca", "bca"),
    ("abcd", "db", "acdb"),
    ("", "ba", "ba"),
    ("ab", "", "ab"),
    ("abe", "acd", "abecd"),
    ("axbyc", "cx", "abycx"),
    ("12345", "x3y1", "2x345y1"),
]


@pytest.mark.parametrize(("live", "applied", "expected"), ORDERS)
def test_the_applied_order_wins_and_the_others_stay_among_them(live: str, applied: str, expected: str) -> None:
    def spec(elements: str) -> Object:
        return {"items": [{"name": each} for each in elements], "finalizers": list(elements)}

    found = merged(spec(live), spec(applied), SPEC)
    assert "".join(each["name"] for each in found["items"]) == expected
    assert "".join(found["finalizers"]) == expected


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_both_orders_are_kept(live: list[str], applied: list[str]) -> None:
    found = merged({"finalizers": live}, {"finalizers": applied}, SPEC)["finalizers"]
    assert sorted(found) == sorted({*live, *applied})
    assert [each for each in found if each in applied] == applied
    others = [each for each in live if each not in applied]
    assert [each for each in found if each in others] == others


def test_live_duplicates_give_way_to_the_applied_element_and_stay_without_one() -> None:
    live = {"items": [{"name": "a", "image": "1"}, {"name": "b"}, {"name": "a", "image": "2"}]}
    assert merged(live, {"items": [{"name": "a", "image": "3"}]}, SPEC)["items"] == [
        {"name": "a", "image": "3"},
        {"name": "b"},
    ]
    assert merged(live, {"items": [{"name": "c"}]}, SPEC)["items"] == [*live["items"], {"name": "c"}]


def test_live_elements_without_a_key_stay() -> None:
    live = {"items": [{"image": "1"}, {"name": "a"}]}
    assert merged(live, {"items": [{"name": "b"}]}, SPEC)["items"] == [*live["items"], {"name": "b"}]


def test_null_unsets_a_single_value_and_leaves_what_has_parts() -> None:
    live: Object = {"replicas": 1, "limits": {"a": 1}, "items": [{"name": "a"}], "args": ["x"], "strategy": {}}
    applied = dict.fromkeys(live)
    assert merged(live, applied, SPEC) == {
        "replicas": None,
        "limits": {"a": 1},
        "items": [{"name": "a"}],
        "args": None,
        "strategy": None,
    }


def test_a_value_of_another_type_replaces() -> None:
    assert merged({"anything": {"a": 1}}, {"anything": [1]}, SPEC) == {"anything": [1]}
    assert merged({"anything": {"a": 1}}, {"anything": True}, SPEC) == {"anything": True}
    assert merged({"anything": 1}, {"anything": True}, SPEC)["anything"] is True


def test_what_does_not_change_is_the_live_object_s_own_and_nothing_is_the_configuration_s() -> None:
    live = {"limits": {"cpu": 1}, "items": [{"name": "a", "image": "1"}], "finalizers": ["x"], "args": ["a"]}
    assert merged(live, json.loads(json.dumps(live)), SPEC) is live
    assert merged(live, {"limits": {}, "items": [], "finalizers": ["x"]}, SPEC) is live
    applied = {"items": [{"name": "b", "args": ["x"]}]}
    found = merged(live, applied, SPEC)
    assert found["limits"] is live["limits"]
    assert found["items"][0] is live["items"][0]
    found["items"][1]["args"].append("spoilt")
    assert applied == {"items": [{"name": "b", "args": ["x"]}]}


@given(OBJECTS, OBJECTS)
def test_all_that_is_applied_is_there_afterwards_and_nothing_else_changes(live: Object, applied: Object) -> None:
    before = json.dumps([live, applied])
    found = merged(live, applied, OBJECT)
    fields = field_set(applied, OBJECT)
    differs = compare(applied, found, OBJECT)
    assert not differs.modified
    assert not differs.removed
    changed: Any = compare(live, found, OBJECT)
    assert intersection(changed.modified, fields) == changed.modified
    modified = set(paths(changed.modified))
    for path in paths(changed.removed):  # only of what is of another type now
        assert any(path[:length] in modified for length in range(len(path)))
    assert json.dumps([live, applied]) == before


@given(OBJECTS, OBJECTS)
def test_merging_twice_is_merging_once(live: Object, applied: Object) -> None:
    once = merged(live, applied, OBJECT)
    assert merged(once, applied, OBJECT) is once
