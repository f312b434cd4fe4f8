"""Patterns of file names."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.build.globs import is_wild, matches, tokens
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("pattern", "path", "does_match"),
    [
        ("abc", "abc", True),
        ("abc", "abd", False),
        ("*", "abc", True),
        ("*", "a/b", False),
        ("*", "", True),
        ("*c", "abc", True),
        ("a*", "a", True),
        ("a*", "ab/c", False),
        ("a*/b", "abc/b", True),
        ("a*/b", "a/c/b", False),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/f", True),
        ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", False),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[e-g]", "abc", False),
        ("ab[^c]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "ab", False),
        ("a?b", "a☺b", True),
        ("a[^a]b", "a☺b", True),
        ("a???b", "a☺b", False),
        ("a?b", "a/b", False),
        ("a*b", "a/b", False),
        ("[\\]a]", "]", True),
        ("[\\-x]", "-", True),
        ("[x\\-]", "z", False),
        ("a**b", "axyb", True),
        ("**", "a/b", False),
        ("*x", "xxx", True),
        ("*.tar.gz", "a.tar.tar.gz", True),
    ],
)
def test_matching_is_gos(pattern: str, path: str, does_match: bool) -> None:
    assert matches(pattern, path) is does_match


@pytest.mark.parametrize("pattern", ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "a\\", "[z-a]"])
def test_bad_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(Invalid, match="syntax error in pattern"):
        tokens(pattern)


@pytest.mark.parametrize(
    ("text", "wild"),
    [("a/b", False), ("a*", True), ("a?", True), ("a[b]", True), ("a\\*", False), ("a\\\\*", True), ("\\[a\\]", False)],
)
def test_a_source_is_wild(text: str, wild: bool) -> None:
    assert is_wild(text) is wild


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=10))
def test_within_a_segment_it_is_a_shells_match(pattern: str, name: str) -> None:
    assert matches(pattern, name) is fnmatch.fnmatchcase(name, pattern)


@given(st.text(alphabet="ab[]^-\\*?/", max_size=12))
def test_any_pattern_is_read_or_refused(pattern: str) -> None:
    try:
        assert matches(pattern, "a/b") in (True, False)
    except Invalid:
        pass


def test_many_stars_take_no_time() -> None:
    assert not matches("*a" * 60 + "b", "a" * 4000)


@given(st.text(max_size=20))
def test_an_escaped_name_is_a_name(name: str) -> None:
    assert matches(re.sub(r"([*?\[\]\\])", r"\\\1", name), name)
