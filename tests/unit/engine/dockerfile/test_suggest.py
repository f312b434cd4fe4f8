"""What was meant."""

import pytest

from wherry.engine.dockerfile.suggest import nearest, suggestion


@pytest.mark.parametrize(
    ("word", "options", "found"),
    [
        ("fron", ["from", "run"], "from"),
        ("from", ["from", "form"], ""),
        ("rnu", ["run", "env"], "run"),
        ("abcdef", ["run"], ""),
        ("", ["abc"], ""),
        ("cach", ["cache", "bind"], "cache"),
    ],
)
def test_the_nearest_is_found(word: str, options: list[str], found: str) -> None:
    assert nearest(word, options) == found


def test_a_suggestion_is_a_question() -> None:
    assert suggestion("fron", ["from"]) == " (did you mean from?)"
    assert suggestion("x", ["from"]) == ""
