"""Shell patterns of substitutions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.patterns import Wild, replaced, tokens, without_prefix, without_suffix
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("value", "pattern", "shortest", "longest"),
    [
        ("a.b.c", "*.", "b.c", "c"),
        ("a.b.c", "?.", "b.c", "b.c"),
        ("a.b.c", "x", "a.b.c", "a.b.c"),
        ("a.b.c", "*", "a.b.c", ""),
        ("abc", "abc", "", ""),
        ("abc", "abcd", "abc", "abc"),
        ("", "*", "", ""),
    ],
)
def test_a_prefix_is_taken_away(value: str, pattern: str, shortest: str, longest: str) -> None:
    assert without_prefix(value, tokens(pattern, "\\"), False) == shortest
    assert without_prefix(value, tokens(pattern, "\\"), True) == longest


@pytest.mark.parametrize(
    ("value", "pattern", "shortest", "longest"),
    [
        ("a.b.c", ".*", "a.b", "a"),
        ("a.b.c", ".?", "a.b", "a.b"),
        ("/usr/bin/x", "/*", "/usr/bin", ""),
        ("abc", "c", "ab", "ab"),
        ("abc", "*", "abc", ""),
    ],
)
def test_a_suffix_is_taken_away(value: str, pattern: str, shortest: str, longest: str) -> None:
    assert without_suffix(value, tokens(pattern, "\\"), False) == shortest
    assert without_suffix(value, tokens(pattern, "\\"), True) == longest


@pytest.mark.parametrize(
    ("value", "pattern", "first", "everywhere"),
    [
        ("a-b-c", "-", "a_b-c", "a_b_c"),
        ("a-b-c", "-*", "a_", "a_"),
        ("aaa", "a", "_aa", "___"),
        ("aaa", "a?", "_a", "_a"),
        ("abcabd", "ab?", "_abd", "__"),
        ("abc", "x", "abc", "abc"),
        ("abc", "", "abc", "abc"),
        ("", "*", "", ""),
    ],
)
def test_matches_are_replaced(value: str, pattern: str, first: str, everywhere: str) -> None:
    assert replaced(value, tokens(pattern, "\\"), "_", False, 100) == first
    assert replaced(value, tokens(pattern, "\\"), "_", True, 100) == everywhere


def test_escapes_make_characters_plain() -> None:
    assert tokens("\\*\\?\\\\\\}\\/*", "\\") == ["*", "?", "\\", "}", "/", Wild.ANY]
    with pytest.raises(Invalid, match=re.escape("invalid pattern (\\a) in substitution: invalid escape '\\a'")):
        tokens("\\a", "\\")


def test_hostile_patterns_take_no_time() -> None:
    assert without_prefix("a" * 20_000, tokens("*a" * 200 + "b", "\\"), True) == "a" * 20_000


@given(st.text(alphabet="ab", max_size=8), st.text(alphabet="ab?*", max_size=6))
def test_prefixes_are_those_of_a_regular_expression(value: str, pattern: str) -> None:
    expression = pattern.replace("?", ".").replace("*", ".*")
    ends = [end for end in range(len(value) + 1) if re.fullmatch(expression, value[:end])]
    assert without_prefix(value, tokens(pattern, "\\"), True) == value[max(ends, default=0) :]
    assert without_prefix(value, tokens(pattern, "\\"), False) == value[min(ends, default=0) :]


@given(st.text("abc", max_size=12), st.text("abc?*", max_size=5), st.text("x", max_size=2), st.booleans())
def test_replacing_is_what_one_match_after_the_other_gives(value: str, text: str, word: str, everywhere: bool) -> None:
    """Against the slow way: a regular expression's leftmost longest match."""
    pattern = re.compile("".join({"*": "(?s:.*)", "?": "(?s:.)"}.get(one, one) for one in text))
    slow, rest = "", value
    while (match := pattern.search(rest)) and match.end() > match.start():
        slow, rest = slow + rest[: match.start()] + word, rest[match.end() :]
        if not everywhere:
            break
    assert replaced(value, tokens(text, "\\"), word, everywhere, 1000) == slow + rest


def test_work_is_bounded() -> None:
    value = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))
    with pytest.raises(Invalid, match="too long for each other"):
        replaced(value, tokens(value, "\\"), "", True, 1000)
    assert replaced("a" * 200_000, tokens("?", "\\"), "b", True, 300_000) == "b" * 200_000
