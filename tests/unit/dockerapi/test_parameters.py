"""Query parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.dockerapi.parameters import Query, parse_time
from wherry.kit.errors import Invalid


@pytest.mark.parametrize("value", ["", "0", "no", "false", "none", "False", "NONE", " 0 "])
def test_docker_s_words_for_false(value) -> None:
    assert not Query({"x": [value]}).flag("x", default=True)


@pytest.mark.parametrize("value", ["1", "true", "yes", "anything"])
def test_everything_else_is_true(value) -> None:
    assert Query({"x": [value]}).flag("x")


def test_an_absent_flag_has_its_default() -> None:
    assert Query({}).flag("x", default=True)
    assert not Query({}).flag("x")


def test_values_are_decoded_and_the_first_counts() -> None:
    query = Query.parse("a=1%202&a=3&b=x+y&c&=&d=a=b")
    assert query.text("a") == "1 2"
    assert query.texts("a") == ["1 2", "3"]
    assert query.text("b") == "x y"
    assert "c" in query
    assert query.text("d") == "a=b"


def test_numbers() -> None:
    query = Query.parse("a=10&b=-1&c=&d=ten&e=99999999999999999999")
    assert query.number("a") == 10
    assert query.number("b") == -1
    assert query.number("c", default=3) == 3
    assert query.number("missing") is None
    with pytest.raises(Invalid, match=r'strconv.Atoi: parsing "ten": invalid syntax'):
        query.number("d")
    with pytest.raises(Invalid, match="value out of range"):
        query.number("e")
    with pytest.raises(Invalid, match=r'strconv.Atoi: parsing "": invalid syntax'):
        query.required_number("h")


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1700000000", 1_700_000_000_000_000_000),
        ("1700000000.5", 1_700_000_000_500_000_000),
        ("1700000000.000000001", 1_700_000_000_000_000_001),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("2023-11-14T23:13:20.25+01:00", 1_700_000_000_250_000_000),
    ],
)
def test_points_in_time(text, nanoseconds) -> None:
    assert parse_time(text) == nanoseconds


def test_no_time_is_none() -> None:
    assert Query.parse("since=0&until=").time_nanoseconds("since") == 0
    assert Query.parse("since=0&until=").time_nanoseconds("until") is None


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(Invalid, match="invalid time 'yesterday'"):
        parse_time("yesterday")


@given(st.text())
def test_any_query_is_read_or_refused(text) -> None:
    try:
        query = Query.parse(text)
        query.number("a")
        query.time_nanoseconds("a")
    except Invalid:
        pass


@given(st.text())
def test_any_text_is_a_time_or_refused(text) -> None:
    try:
        parse_time(text)
    except Invalid:
        pass
