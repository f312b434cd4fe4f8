"""Rules about lists, names, conditions and changes."""

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds import rules
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, invalid
from wherry.kube.machinery.model import Object

AT = Path("at")


def test_what_is_wanted_is_there_and_passes() -> None:
    assert said(rules.wanted(AT, "a-b", names.dns1123_label)) == []
    assert said(rules.wanted(AT, "", names.dns1123_label, "say who")) == ["at: Required value: say who"]
    (error,) = said(rules.wanted(AT, "A", names.dns1123_label))
    assert error.startswith('at: Invalid value: "A": a lowercase RFC 1123 label must consist of')


def test_counts_are_not_negative_where_they_are_there() -> None:
    assert said(rules.counts(AT, {"a": 0, "b": -1}, "a", "b", "c")) == [
        "at.b: Invalid value: -1: must be greater than or equal to 0"
    ]


def test_one_of_tells_what_may_be_said() -> None:
    assert said(rules.one_of(AT, "b", ("a", "b"))) == []
    assert said(rules.one_of(AT, "", ("a", "b"))) == ['at: Required value: valid values: ["a" "b"]']
    assert said(rules.one_of(AT, "c", ("b", "a"))) == ['at: Unsupported value: "c": supported values: "a", "b"']


def test_unsupported_keeps_the_order() -> None:
    assert str(rules.unsupported(AT, 1, "b", "a")) == 'at: Unsupported value: 1: supported values: "b", "a"'


def test_unchanged_fields() -> None:
    assert said(rules.unchanged(AT, {"a": 1, "b": ""}, {"a": 2}, "a", "b")) == [
        "at.a: Invalid value: 1: field is immutable"
    ]


def test_without_copies() -> None:
    whole: Object = {"a": 1, "b": 2}
    assert rules.without(whole, "a") == {"b": 2}
    assert whole == {"a": 1, "b": 2}


def test_lists() -> None:
    assert said(rules.limited(AT, [1, 2], 2)) == []
    assert said(rules.limited(AT, [1, 2], 1)) == ["at: Too many: 2: must have at most 1 item"]
    assert said(rules.each(AT, [1, 0], lambda item, at: [] if item else [invalid(at, item, "no")])) == [
        "at[1]: Invalid value: 0: no"
    ]
    assert said(rules.distinct(AT, ["a", "b", "a"])) == ['at[2]: Duplicate value: "a"']
    assert said(rules.distinct(AT, [{}, {}], "name")) == ["at[1].name: Duplicate value: {}"]


def test_quantities_become_canonical_and_what_is_none_stays() -> None:
    holder: Object = {"a": "1000m", "b": 1024, "c": "much"}
    rules.canonical(holder, "a", "b", "c", "d")
    assert holder == {"a": "1", "b": "1024", "c": "much"}


def test_a_length_is_in_bytes() -> None:
    assert said(rules.longest(AT, "é", 2)) == []
    assert said(rules.longest(AT, "éa", 2)) == ["at: Too long: may not be more than 2 bytes"]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("acme.io/foo", []),
        ("acme.io/foo/bar", []),
        ("", ["at: Required value"]),
        ("acme.io", ['at: Invalid value: "acme.io": must be a domain-prefixed path (such as "acme.io/foo")']),
        ("acme.io/", ['at: Invalid value: "acme.io/": must be a domain-prefixed path (such as "acme.io/foo")']),
    ],
)
def test_domain_prefixed_paths(text: str, errors: list[str]) -> None:
    assert said(rules.domain_prefixed_path(AT, text)) == errors


@pytest.mark.parametrize(
    ("text", "segments", "errors"),
    [
        ("a.b.c", 3, []),
        ("", 3, ["at: Required value"]),
        ("a.b", 3, ['at: Invalid value: "a.b": should be a domain with at least three segments separated by dots']),
        ("a.b.", 2, []),
        ("a", 2, ['at: Invalid value: "a": should be a domain with at least two segments separated by dots']),
    ],
)
def test_fully_qualified_names(text: str, segments: int, errors: list[str]) -> None:
    assert said(rules.fully_qualified(AT, text, segments)) == errors


def test_drivers_have_the_names_of_domains_in_any_case() -> None:
    assert said(rules.csi_driver_name(AT, "Driver.Example.com")) == []
    assert said(rules.csi_driver_name(AT, "a" * 64))[0] == "at: Too long: may not be more than 63 bytes"
    assert said(rules.csi_driver_name(AT, ""))[0] == "at: Required value"


GOOD = {"type": "Ready", "status": "True", "reason": "AsExpected", "lastTransitionTime": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"status": "Yes"}, ['at[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"']),
        ({"reason": ""}, ["at[0].reason: Required value: must be set"]),
        ({"lastTransitionTime": None}, ["at[0].lastTransitionTime: Required value: must be set"]),
        ({"observedGeneration": -1},
         ["at[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero"]),
        ({"message": "x" * 32769}, ["at[0].message: Too long: may not be more than 32768 bytes"]),
        ({"reason": "x" * 1025}, ["at[0].reason: Too long: may not be more than 1024 bytes"]),
    ],
)  # fmt: skip
def test_conditions(change: Object, errors: list[str]) -> None:
    assert said(rules.conditions(AT, [{**GOOD, **change}])) == errors


def test_a_condition_stands_once() -> None:
    assert said(rules.conditions(AT, [GOOD, GOOD])) == ['at[1].type: Duplicate value: "Ready"']


def test_a_true_condition() -> None:
    obj = {"status": {"conditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "False"}]}}
    assert rules.true_condition(obj, "A")
    assert not rules.true_condition(obj, "B")
    assert not rules.true_condition({}, "A")


def test_names_that_surprise() -> None:
    assert rules.surprising_name({"metadata": {"name": "a"}}) == []
    assert rules.surprising_name({}) == []
    assert rules.surprising_name({"metadata": {"name": "a.b"}}) == [
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
        "a DNS label is recommended: [must not contain dots]"
    ]


def test_one_member_of_a_union() -> None:
    assert said(rules.union(SPEC, {"a": {}}, "a", "b")) == []
    assert said(rules.union(SPEC, {}, "a", "b")) == ['spec: Invalid value: "": must specify one of: `a`, `b`']
    assert said(rules.union(SPEC, {"a": 0, "b": 0}, "a", "b")) == [
        'spec: Invalid value: "{`a`, `b`}": must specify exactly one of: `a`, `b`'
    ]


class Counted(str):
    """A text that counts how often one is compared with another."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_what_is_repeated_is_found_without_a_look_at_all_before_it() -> None:
    values = [Counted(number % 900) for number in range(1000)]
    assert [position for position, _ in rules.repeated(values)] == list(range(900, 1000))
    assert Counted.compared < 2000
    mixed = [{"a": 1, "b": []}, None, ("x", "y"), {"b": [], "a": 1}, None, ("x", "y"), {"a": 1}]
    assert [position for position, _ in rules.repeated(mixed)] == [3, 4, 5]
