"""Statements."""

import pytest

from wherry.engine.dockerfile.model import Location
from wherry.engine.dockerfile.statement import Statement, statement


def said(text: str) -> Statement:
    return statement(text, Location(1, 1, text))


def test_a_statement_has_name_flags_and_rest() -> None:
    one = said("  Copy\t--from=a --link  b  c ")
    assert (one.name, one.keyword, one.flags, one.rest) == ("Copy", "copy", ("--from=a", "--link"), "b  c")
    assert one.text == "Copy\t--from=a --link  b  c"


@pytest.mark.parametrize(
    ("text", "array"),
    [
        ('RUN ["a"]', ("a",)),
        ('RUN --network=none [ "a" ]', ("a",)),
        ('COPY ["a b", "/c"]', ("a b", "/c")),
        ('RUN ["a"] b', None),
        ('ENV ["a"]', None),
        ('USER ["a"]', None),
    ],
)
def test_some_instructions_take_arrays(text: str, array: tuple[str, ...] | None) -> None:
    assert said(text).array == array


def test_onbuild_has_a_trigger() -> None:
    trigger = said("ONBUILD copy --from=a b c").trigger()
    assert trigger is not None
    assert (trigger.keyword, trigger.flags, trigger.rest) == ("copy", ("--from=a",), "b c")
    assert said("ONBUILD").trigger() is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("RUN <<E", ["E"]),
        ("ONBUILD RUN <<E", ["E"]),
        ("ONBUILD ONBUILD RUN <<E", []),
        ("ENV a=<<E", []),
        ('RUN ["<<E"]', []),
    ],
)
def test_documents_are_announced(text: str, names: list[str]) -> None:
    assert [document.name for document in said(text).announces()] == names
