"""Parser directives."""

import pytest

from wherry.engine.dockerfile.directives import directives, parse_check
from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.model import Check, Directives
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("source", "found", "lines"),
    [
        ("FROM x", Directives(), 0),
        ("# syntax=docker/dockerfile:1\nFROM x", Directives(syntax="docker/dockerfile:1"), 1),
        ("#syntax = a b c\n", Directives(syntax="a"), 1),
        ("# escape=`\nFROM x", Directives(escape="`"), 1),
        ("  #  ESCAPE = `  \r\nFROM x", Directives(escape="`"), 1),
        ("# syntax=a\n# escape=`\n# check=skip=all\nFROM x", Directives("a", "`", Check(skips_all=True)), 3),
        ("\n# escape=`", Directives(), 0),
        ("# comment\n# escape=`", Directives(), 0),
        ("# unknown=1\n# escape=`", Directives(), 0),
        ("FROM x\n# escape=`", Directives(), 0),
        ("#!/bin/x\n# syntax=a\n# escape=`\nFROM x", Directives(syntax="a"), 3),
        ("# escape=", Directives(), 0),
    ],
)
def test_the_top_of_a_file_says(source: str, found: Directives, lines: int) -> None:
    assert directives(source) == (found, lines)


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("# escape=x", "invalid escape token 'x' does not match ` or \\", 1),
        ("# syntax=a\n# syntax=b", "only one syntax parser directive can be used", 2),
        ("# escape=`\n# escape=`", "only one escape parser directive can be used", 2),
        ("# check=skip", 'invalid check option "skip"', 1),
        ("# check=a=b", 'invalid check option "a"', 1),
        (
            "# check=error=maybe",
            'failed to parse check option "error=maybe": strconv.ParseBool: parsing "maybe": invalid syntax',
            1,
        ),
    ],
)
def test_nonsense_is_refused(source: str, message: str, line: int) -> None:
    with pytest.raises(InvalidDockerfile) as refused:
        directives(source)
    assert refused.value.message == message
    assert refused.value.location is not None
    assert refused.value.location.first_line == line


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("", Check()),
        ("skip=A, B", Check(skip=frozenset({"A", "B"}))),
        ("skip=all;error=true", Check(skips_all=True, is_error=True)),
        ("error=0", Check()),
        ("experimental=all;skip=A", Check(skip=frozenset({"A"}), enables_all_experimental=True)),
        ("experimental=A", Check(experimental=frozenset({"A"}))),
    ],
)
def test_checks_are_chosen(text: str, check: Check) -> None:
    assert parse_check(text) == check


def test_a_build_argument_is_checked_too() -> None:
    with pytest.raises(Invalid, match="invalid check option"):
        parse_check("nonsense")
