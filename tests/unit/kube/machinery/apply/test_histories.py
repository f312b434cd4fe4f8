"""Applies and updates one after the other, and what becomes of the object: structured-merge-diff's rules by example."""

import json
from typing import Any

import pytest

from tests.unit.kube.machinery.apply.specs import manager, obj
from wherry.kube.machinery.apply.apply import server_side_apply
from wherry.kube.machinery.apply.managed import track_update

Object = dict[str, Any]

# What an applier and others do, one after the other, and what becomes of the spec.
Step = tuple[str, Object]
HISTORIES: list[tuple[str, list[Step], Object]] = [
    ("removed", [("me", {"replicas": 1, "paused": True}), ("me", {"paused": True})], {"paused": True}),
    (
        "a struct goes with its last field",
        [("me", {"strategy": {"type": "a"}, "replicas": 1}), ("me", {"replicas": 1})],
        {"replicas": 1},
    ),
    (
        "a struct that an updater has a part of stays",
        [("me", {"strategy": {"type": "a"}}), ("editor", {"strategy": {"type": "a", "rolling": {}}}), ("me", {})],
        {"strategy": {"rolling": {}}},
    ),
    (
        "a struct applied as empty stays with what others have in it",
        [
            ("me", {"strategy": {"type": "a"}}),
            ("editor", {"strategy": {"type": "a", "rolling": {}}}),
            ("me", {"strategy": {}}),
        ],
        {"strategy": {"rolling": {}}},
    ),
    (
        "a field that an updater took over stays",
        [("me", {"strategy": {"type": "a"}}), ("editor", {"strategy": {"type": "b"}}), ("me", {})],
        {"strategy": {"type": "b"}},
    ),
    (
        "the key of an element changes",
        [("me", {"items": [{"name": "a", "image": "1"}]}), ("me", {"items": [{"name": "b", "image": "1"}]})],
        {"items": [{"name": "b", "image": "1"}]},
    ),
    (
        "entries of nested maps change",
        [("me", {"nested": {"x": {"a": "1", "b": "2"}}}), ("me", {"nested": {"x": {"a": "1"}, "y": {"b": "2"}}})],
        {"nested": {"x": {"a": "1"}, "y": {"b": "2"}}},
    ),
    (
        "values of a set come and go",
        [
            ("me", {"finalizers": ["a", "b"]}),
            ("editor", {"finalizers": ["a", "b", "z"]}),
            ("me", {"finalizers": ["b", "c"]}),
        ],
        {"finalizers": ["b", "z", "c"]},
    ),
    (
        "a single value is replaced whole",
        [("me", {"selector": {"labels": {"a": "1"}}}), ("me", {"selector": {"labels": {"b": "1"}}})],
        {"selector": {"labels": {"b": "1"}}},
    ),
    (
        "an element goes with what nobody owns in it",
        [("me", {"items": [{"name": "a"}, {"name": "b"}]}), ("me", {"items": [{"name": "b"}]})],
        {"items": [{"name": "b"}]},
    ),
    (
        "an element stays while an updater has it",
        [
            ("editor", {"items": [{"name": "a"}]}),
            ("me", {"items": [{"name": "a", "image": "1"}]}),
            ("me", {"replicas": 1}),
        ],
        {"items": [{"name": "a"}], "replicas": 1},
    ),
    (
        "the applied order of elements wins",
        [("me", {"items": [{"name": "a"}, {"name": "b"}]}), ("me", {"items": [{"name": "b"}, {"name": "a"}]})],
        {"items": [{"name": "b"}, {"name": "a"}]},
    ),
    (
        "a defaulted key is the same key",
        [
            ("me", {"items": [{"name": "a", "ports": [{"port": 80, "name": "x"}]}]}),
            ("me", {"items": [{"name": "a", "ports": [{"port": 80, "protocol": "TCP"}]}]}),
        ],
        {"items": [{"name": "a", "ports": [{"port": 80, "protocol": "TCP"}]}]},
    ),
]


@pytest.mark.parametrize(("steps", "expected"), [case[1:] for case in HISTORIES], ids=[case[0] for case in HISTORIES])
def test_histories_end_as_upstream_s_do(steps: list[Step], expected: Object) -> None:
    live: Object | None = None
    for name, spec in steps:
        if name == "editor":
            new: Object = json.loads(json.dumps({**(live or obj()), "spec": spec}))
            track_update(live, new, manager(name, "Update"))
            live = new
        else:
            live = server_side_apply(live, obj(spec), manager(name), False)
    assert live is not None
    assert live.get("spec", {}) == expected
