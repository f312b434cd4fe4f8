"""The order of merged lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.patches.ordering import Elements, Key, arranged, check, element_type, scalar_key, unique
from wherry.kube.machinery.status import StatusError

PLAIN = Key("")
NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)


def _arranged(merged: str, order: str, live: str) -> str:
    return "".join(arranged(Elements(list(merged), PLAIN), Elements(list(order), PLAIN), Elements(list(live), PLAIN)))


def test_what_is_new_comes_first() -> None:
    assert _arranged("abx", "x", "ab") == "xab"


def test_what_the_patch_does_not_name_stays_where_it_was() -> None:
    assert _arranged("abcd", "db", "abcd") == "acdb"
    assert _arranged("abc", "ac", "abc") == "abc"


@given(NAMES, NAMES)
def test_both_orders_are_kept(order: list[str], live: list[str]) -> None:
    merged = unique([*live, *order])
    found = arranged(Elements(merged, PLAIN), Elements(order, PLAIN), Elements(live, PLAIN))
    assert sorted(found) == sorted(merged)
    assert [each for each in found if each in order] == order
    others = [each for each in live if each not in order]
    assert [each for each in found if each in others] == others


def test_a_key_is_a_field_or_the_element() -> None:
    assert Key("name").of({"name": "x"}) == "x"
    assert Key("").of("x") == "x"
    assert Key("name").maybe({"value": "x"}) is None
    assert scalar_key(1) != scalar_key(True)
    assert scalar_key(1) != scalar_key(1.0)


@pytest.mark.parametrize(
    ("key", "element", "why"),
    [
        ("name", {"image": "x"}, "map: map[image:x] does not contain declared merge key: name"),
        ("name", "x", "expected a map[string]interface {}, but received a string"),
        ("name", {"name": []}, "merge key name must be a scalar, not []interface {}"),
        ("", {"a": 1}, "cannot merge lists without merge key for type struct"),
    ],
)
def test_an_element_without_a_key_is_refused(key: str, element: object, why: str) -> None:
    with pytest.raises(StatusError) as caught:
        Key(key).of(element)
    assert (caught.value.code, caught.value.message) == (400, why)


def test_a_patch_must_keep_the_order_that_it_sets() -> None:
    by = Key("name")
    check(
        [{"name": "a"}, {"name": "z", "$patch": "delete"}, {"name": "b"}], [{"name": "a"}, {"name": "b"}], by, "$patch"
    )
    with pytest.raises(StatusError) as caught:
        check([{"name": "b"}, {"name": "a"}], [{"name": "a"}, {"name": "b"}], by, "$patch")
    assert caught.value.message == (
        "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n"
        "[map[name:a] map[name:b]]\n"
    )


def test_elements_are_of_one_type() -> None:
    assert element_type(["a"], ["b"]) is str
    with pytest.raises(StatusError, match="list element types are not identical"):
        element_type(["a"], [1])
    with pytest.raises(StatusError) as caught:
        element_type([["a"]])
    assert caught.value.code == 422
    assert caught.value.details["causes"][0]["message"] == "lists of lists are not supported"
