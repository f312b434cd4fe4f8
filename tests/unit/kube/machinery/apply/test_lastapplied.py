"""The annotation of client-side apply."""

import json
from typing import Any

import pytest

from tests.unit.kube.machinery.apply.specs import Object, obj
from tests.unit.kube.machinery.patches.documents import nested
from tests.unit.kube.machinery.patches.schemas import OBJECT
from wherry.kube.machinery.apply.fieldsets import has
from wherry.kube.machinery.apply.lastapplied import ANNOTATION, brought_up_to_date, unchanged


def _live(last: Any, spec: Object) -> Object:
    return obj(spec, annotations={ANNOTATION: last if isinstance(last, str) else json.dumps(last)})


def test_what_is_as_it_was_applied_is_kubectl_s() -> None:
    last = obj({"replicas": 1, "paused": True, "args": ["a"], "limits": {"a": 1}})
    found = unchanged(_live(last, {"replicas": 1, "paused": False, "limits": {"a": 1}}), "test/v1", OBJECT)
    assert has(found, ("f:spec", "f:replicas"))
    assert has(found, ("f:spec", "f:limits", "f:a"))
    assert not has(found, ("f:spec", "f:paused"))
    assert not has(found, ("f:spec", "f:args"))


@pytest.mark.parametrize(
    "last",
    [
        "",
        "{",
        "[]",
        "1",
        {**obj({"replicas": 1}), "apiVersion": "test/v2"},
        obj({"frob": 1}),
        "[" * 10_000,
        obj({"anything": nested(600)}),
    ],
)
def test_an_annotation_that_cannot_be_used_is_none(last: Any) -> None:
    assert unchanged(_live(last, {"replicas": 1}), "test/v1", OBJECT) == {}
    assert unchanged(obj({"replicas": 1}), "test/v1", OBJECT) == {}


def test_the_annotation_is_brought_up_to_date_as_go_writes_it() -> None:
    live = obj({"replicas": 2}, annotations={ANNOTATION: "old", "other": "kept"})
    applied = obj({"replicas": 2}, annotations={"z": "<&>", ANNOTATION: "mine"})
    before = json.dumps([live, applied])
    found = brought_up_to_date(live, applied)
    assert found["metadata"]["annotations"] == {
        "other": "kept",
        ANNOTATION: '{"apiVersion":"test/v1","kind":"Object","metadata":{"annotations":{"z":"\\u003c\\u0026\\u003e"},'
        '"name":"x"},"spec":{"replicas":2}}\n',
    }
    assert json.dumps([live, applied]) == before


def test_an_object_without_it_does_not_get_it_and_one_too_large_loses_it() -> None:
    plain = obj({"replicas": 1})
    assert brought_up_to_date(plain, plain) is plain
    large = obj({"args": ["x" * 300_000]})
    assert brought_up_to_date(obj({}, annotations={ANNOTATION: "old"}), large)["metadata"]["annotations"] == {}
