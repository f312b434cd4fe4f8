"""The ``filters`` parameter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.dockerapi.filters import parse_filters
from wherry.kit.errors import Invalid

KNOWN = frozenset(("label", "name"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("{}", {}),
        ("null", {}),
        ('{"label":{"a=b":true,"c":true}}', {"label": ["a=b", "c"]}),
        ('{"label":{"a":false}}', {"label": []}),
        ('{"label":["a=b"],"name":["x"]}', {"label": ["a=b"], "name": ["x"]}),
        ('{"name":"x"}', {"name": ["x"]}),
    ],
)
def test_maps_and_lists_are_read(text, expected) -> None:
    assert parse_filters(text, KNOWN) == expected


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"label":1}', '{"label":[1]}'])
def test_nonsense_is_refused(text) -> None:
    with pytest.raises(Invalid, match="invalid filter"):
        parse_filters(text, KNOWN)


def test_an_unknown_filter_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_filters('{"colour":["red"]}', KNOWN)
    assert refusal.value.message == "invalid filter 'colour'"


@given(st.text())
def test_any_text_is_read_or_refused(text) -> None:
    try:
        parse_filters(text, KNOWN)
    except Invalid:
        pass
