"""Errors with a place, and the lines shown with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.errors import InvalidDockerfile, excerpt, located
from wherry.engine.dockerfile.model import Location
from wherry.kit.errors import Invalid

SOURCE = "FROM x\nRUN a\n\nRUN b \\\n  c\n\nUSER y\nUSER z\n"


def test_an_excerpt_marks_the_lines() -> None:
    assert excerpt(SOURCE, Location(4, 5)).split("\n") == [
        "Dockerfile:4",
        "--------------------",
        "   2 |     RUN a",
        "   3 |",
        "   4 | >>> RUN b \\",
        "   5 | >>>   c",
        "   6 |",
        "   7 |     USER y",
        "--------------------",
    ]


def test_an_excerpt_ends_with_the_file() -> None:
    assert excerpt("FROM x", Location(1, 1), "other/Dockerfile").split("\n") == [
        "other/Dockerfile:1",
        "--------------------",
        "   1 | >>> FROM x",
        "--------------------",
    ]


@given(st.text(), st.integers(0, 9), st.integers(0, 9))
def test_any_place_can_be_shown(source: str, first: int, last: int) -> None:
    assert excerpt(source, Location(first, last)).startswith(f"Dockerfile:{first}\n")


def test_an_error_gets_a_place_once() -> None:
    here, there = Location(1, 1), Location(2, 2)
    with pytest.raises(InvalidDockerfile) as refused, located(there, "outer: "), located(here, "inner: "):
        raise Invalid("bad")
    assert (refused.value.message, refused.value.location) == ("inner: bad", here)
