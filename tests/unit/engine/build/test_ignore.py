"""Ignore files: their text, their patterns, and a walk that uses them."""

import posixpath
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.build.ignore import Matcher, parse_ignore
from wherry.kit.errors import Invalid


def ignored(text: str, *paths: str) -> list[str]:
    matcher = Matcher(parse_ignore(text))
    return [path for path in paths if matcher.ignores(path)]


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("", []),
        ("\n  \n", []),
        ("# a comment\na", ["a"]),
        ("  # no comment", ["# no comment"]),
        ("\ufeffa\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("  a  ", ["a"]),
        ("/a", ["a"]),
        ("//a", ["a"]),
        ("a/", ["a"]),
        ("./a/../b//c", ["b/c"]),
        ("!a", ["!a"]),
        ("! /a/ ", ["!a"]),
        ("!", ["!"]),
        ("/", ["/"]),
        (".", ["."]),
        ("../a", ["../a"]),
    ],
)
def test_a_text_is_patterns(text: str, patterns: list[str]) -> None:
    assert parse_ignore(text) == patterns


@pytest.mark.parametrize(
    ("text", "left_out", "kept"),
    [
        ("a", ["a", "a/b", "a/b/c"], ["b", "b/a", "ab"]),
        ("/a", ["a"], ["b/a"]),
        ("a/b", ["a/b", "a/b/c"], ["a", "a/c"]),
        ("*/temp*", ["x/temporary", "x/temp/y"], ["temporary", "x/y/temp"]),
        ("temp?", ["tempa", "tempb/c"], ["temp", "x/tempa"]),
        ("*.md", ["a.md"], ["x/a.md", "a.mdx"]),
        ("*.md\n!README.md", ["a.md"], ["README.md"]),
        ("*.md\n!README*.md\nREADME-secret.md", ["README-secret.md", "a.md"], ["README.md", "README-x.md"]),
        ("*.md\nREADME-secret.md\n!README*.md", ["a.md"], ["README-secret.md"]),
        ("**/*.go", ["a.go", "x/a.go", "x/y/a.go"], ["a.c"]),
        ("**", ["a", "a/b", ".x"], []),
        ("**/x", ["x", "a/x", "a/x/b"], ["ax", "a/bx"]),
        ("**x", ["x", "ax", "a/bx"], ["xa"]),
        ("**/x/y", ["x/y", "a/x/y/z"], ["x", "a/y"]),
        ("x/**", ["x/a", "x/a/b"], ["x", "xa"]),
        ("x**", ["x", "xa", "x/a"], ["ax"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a", "b", "ab"]),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c"], ["a/b", "a/c"]),
        ("a**b", ["ab", "ax/b", "a/b"], ["axb"]),
        ("a/*/c", ["a/b/c"], ["a/c", "a/b/b/c"]),
        ("*/**", ["a/b", "a/b/c"], ["a"]),
        ("*\n!a", ["b", "b/c"], ["a", "a/b"]),
        ("*\n!a/b", ["a", "a/c", "b"], ["a/b", "a/b/c"]),
        ("dir\n!dir/keep", ["dir", "dir/x"], ["dir/keep", "dir/keep/y"]),
        ("!a\na", ["a"], []),
        ("a\n!a\na/b", ["a/b"], ["a", "a/c"]),
        ("[ab]c", ["ac", "bc"], ["cc"]),
        ("[^a]c", ["bc"], ["ac", "/c"]),
        ("a\\*", ["a*"], ["ab"]),
        ("\\!a", ["!a"], ["a"]),
        (".git", [".git", ".git/config"], ["a/.git", ".gitignore"]),
        (".", [], ["a"]),
        ("a.b+c(d)$^", ["a.b+c(d)$^"], ["axb+c(d)$^"]),
        ("node_modules\n**/node_modules", ["node_modules/x", "a/node_modules/x"], ["node_module"]),
    ],
)
def test_a_pattern_leaves_out(text: str, left_out: list[str], kept: list[str]) -> None:
    assert ignored(text, *left_out, *kept) == left_out


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("!", 'illegal exclusion pattern: "!"'),
        ("[", "syntax error in pattern: '['"),
        ("a\\", "syntax error in pattern"),
    ],
)
def test_a_bad_pattern_is_named(pattern: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        Matcher([pattern])
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("text", "entered", "skipped"),
    [
        ("a", ["b", ""], ["a", "a/b"]),
        ("a\n!a/b/c", ["a", "a/b", "a/b/c", "a/b/c/d"], ["a/c"]),
        ("a\n!a/*/c", ["a", "a/x", "a/x/c"], ["a/x/d"]),
        ("a\n!**/c", ["a", "a/x/y"], []),
        ("a\n!b/**", ["b"], ["a"]),
        ("a\n!a/b/**/c", ["a/b", "a/b/x/y"], ["a/c"]),
        ("!a/b\na", [], ["a", "a/b"]),
        ("*\n!src", ["src", "src/x"], ["lib"]),
        ("a\n!a**z", ["a", "a/b"], []),
    ],
)
def test_a_walk_goes_only_where_something_can_be(text: str, entered: list[str], skipped: list[str]) -> None:
    matcher = Matcher(parse_ignore(text))
    assert [path for path in [*entered, *skipped] if matcher.enters(path)] == entered


def test_exceptions_are_known() -> None:
    assert Matcher(["a", "!b"]).has_exceptions
    assert not Matcher(["a"]).has_exceptions


def test_deep_paths_are_no_problem() -> None:
    assert Matcher(["a/b"]).ignores("a/b" + "/x" * 5000)
    assert not Matcher(["**/y"]).ignores("x/" * 5000 + "x")


def test_many_wildcards_take_no_time() -> None:
    matcher = Matcher(["/".join(["**/*a*a*a*a"] * 10) + "/b"])
    assert not matcher.ignores("/".join(["a" * 200] * 15))


def test_loose_wildcards_are_limited() -> None:
    with pytest.raises(Invalid, match="too many wildcards"):
        Matcher(["a**b*c*d*e"])


# What patternmatcher does, said again without any care for time.


class Naive:
    """Every pattern against every path and all that it is in, one after the other."""

    def __init__(self, patterns: list[str]) -> None:
        self.rules = [(one.startswith("!"), one.removeprefix("!")) for one in patterns]

    def ignores(self, path: str) -> bool:
        parts = path.split("/")
        whole = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        matched = False
        for is_exception, pattern in self.rules:
            if is_exception == matched and any(translated(pattern, one) for one in whole):
                matched = not is_exception
        return matched


def translated(pattern: str, path: str) -> bool:
    """The translation into a regular expression, character by character."""
    if pattern.startswith("**") and not set("*?[\\") & set(pattern[2:]):
        return path.endswith(pattern[2:]) or (pattern[2:3] == "/" and path == pattern[3:])
    expression, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            at += 3 if pattern.startswith("**/", at) else 2
            expression += ".*" if at >= len(pattern) else "(.*/)?"
        else:
            expression += {"*": "[^/]*", "?": "[^/]"}.get(pattern[at], re.escape(pattern[at]))
            at += 1
    return re.fullmatch(expression, path, re.DOTALL) is not None


names = st.text(alphabet="ab", min_size=1, max_size=3)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
pieces = st.text(alphabet="ab*?", min_size=1, max_size=4)
globs = st.lists(st.one_of(pieces, st.just("**")), min_size=1, max_size=4).map("/".join).map(posixpath.normpath)
rules = st.tuples(st.sampled_from(["", "", "!"]), globs).map("".join)


@given(st.lists(rules, max_size=6), st.lists(paths, min_size=1, max_size=8))
def test_it_says_what_a_naive_matcher_says(patterns: list[str], found: list[str]) -> None:
    try:
        matcher = Matcher(patterns)
    except Invalid:
        return
    naive = Naive(patterns)
    assert [matcher.ignores(path) for path in found] == [naive.ignores(path) for path in found]


@given(st.lists(rules, max_size=6), paths)
def test_nothing_that_is_kept_is_in_a_place_not_entered(patterns: list[str], path: str) -> None:
    try:
        matcher = Matcher(patterns)
    except Invalid:
        return
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts))]
    if not matcher.ignores(path):
        assert all(matcher.enters(directory) for directory in above)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        Matcher(parse_ignore(text)).ignores("a/b")
    except Invalid:
        pass
