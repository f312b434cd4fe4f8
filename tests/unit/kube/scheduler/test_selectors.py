"""Selectors."""

import pytest

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import NOTHING, Requirement
from wherry.kube.scheduler.selectors import exact, selector_of, with_label_keys


def test_what_cannot_be_read_selects_nothing() -> None:
    assert selector_of({"matchExpressions": [{"key": "a", "operator": "Near"}]}) is NOTHING
    assert selector_of(None) is NOTHING
    assert selector_of({}).is_everything


@pytest.mark.parametrize(
    ("document", "label"),
    [
        ({"matchLabels": {"a": "b"}}, ("a", "b")),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}, ("a", "b")),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}, None),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, None),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, None),
        ({}, None),
    ],
)
def test_a_label_that_all_must_have(document: Object, label: tuple[str, str] | None) -> None:
    assert exact(selector_of(document)) == label


def test_own_values_are_added_where_they_are_missing() -> None:
    selector = selector_of({"matchLabels": {"a": "b"}})
    found = with_label_keys(selector, ["hash", "absent"], {"hash": "1"})
    assert found.requirements == (Requirement("a", "=", ("b",)), Requirement("hash", "in", ("1",)))
    assert with_label_keys(found, ["hash"], {"hash": "1"}) is found
    assert with_label_keys(NOTHING, ["hash"], {"hash": "1"}).nothing
