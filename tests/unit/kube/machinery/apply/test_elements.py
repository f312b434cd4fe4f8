"""Path elements."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.machinery.patches.documents import SCALARS
from wherry.kube.machinery.apply.elements import Unknown, by_keys, by_value, order, parsed, readable


def test_elements_are_written_as_upstream_writes_them() -> None:
    assert by_keys({"containerPort": 80, "protocol": "TCP"}) == 'k:{"containerPort":80,"protocol":"TCP"}'
    assert by_value("a<b>&") == 'v:"a\\u003cb\\u003e\\u0026"'
    assert by_value(2.0) == "v:2"
    assert by_value(True) == "v:true"


def test_any_way_of_writing_is_read_as_the_one() -> None:
    assert parsed('k:{ "protocol": "TCP", "containerPort": 80.0 }') == 'k:{"containerPort":80,"protocol":"TCP"}'
    assert parsed('v:"<"') == 'v:"\\u003c"'
    assert parsed("f:a:b") == "f:a:b"
    assert parsed("i:+07") == "i:7"


@given(SCALARS)
def test_what_is_written_is_read_as_it_is(value: Any) -> None:
    assert parsed(by_value(value)) == by_value(value)
    assert parsed(by_keys({"a": value})) == by_keys({"a": value})


@pytest.mark.parametrize("text", ["", "f", "xy", "fx", "k:[]", "k:{", "v:", "i:x", "i:99999999999999999999"])
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)


def test_a_kind_of_the_future_is_told_apart() -> None:
    with pytest.raises(Unknown):
        parsed("z:1")


def test_fields_come_before_keys_values_and_indices_and_numbers_in_their_own_order() -> None:
    expected = [
        ".",
        "f:a",
        "f:b",
        'k:{"port":80}',
        'k:{"port":443}',
        'k:{"port":"x"}',
        "v:2",
        "v:10",
        'v:"10"',
        "v:false",
        "v:true",
        "v:null",
        "i:2",
        "i:10",
    ]
    backwards = expected[::-1]
    assert sorted(backwards, key=order) == expected


@given(st.lists(st.builds(by_value, SCALARS)))
def test_all_elements_have_an_order(elements: list[str]) -> None:
    backwards = elements[::-1]
    assert sorted(map(order, elements)) == sorted(map(order, backwards))


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("f:spec", ".spec"),
        ('k:{"name":"web"}', '[name="web"]'),
        ('k:{"containerPort":80,"protocol":"TCP"}', '[containerPort=80,protocol="TCP"]'),
        ('v:"x"', '[="x"]'),
        ("v:null", "[=null]"),
        ("v:[1,true]", "[=[1,true]]"),
        ("i:3", "[3]"),
    ],
)
def test_messages_show_elements_as_upstream_s_do(element: str, text: str) -> None:
    assert readable(element) == text


def test_long_texts_are_not_remembered() -> None:
    long = "v:" + '"' + "x" * 1_000_000 + '"'
    assert parsed(long) == long
    assert order(long) == order(long)
