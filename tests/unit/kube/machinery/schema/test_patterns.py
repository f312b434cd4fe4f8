"""Regular expressions of schemas."""

import time

import pytest

from wherry.kube.machinery.schema.patterns import complaint, found


def test_a_pattern_may_be_anywhere_in_a_text() -> None:
    assert found("b+", "abba")
    assert not found("^b", "abba")
    assert found(r"^\p{L}+$", "Größe")


def test_the_end_is_the_end_of_the_text() -> None:
    assert not found("^a$", "a\n")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(a", "error parsing regexp: missing closing ): `(a`"),
        ("[a", "error parsing regexp: missing closing ]: `[a`"),
        ("a**", "error parsing regexp: invalid nested repetition operator: `**`"),
        ("*", "error parsing regexp: missing argument to repetition operator: `*`"),
        ("(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        ("a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"),
        ("[z-a]", "error parsing regexp: invalid character class range: `z-a`"),
    ],
)
def test_what_is_no_pattern_is_said_in_the_words_of_go(pattern: str, said: str) -> None:
    assert complaint(pattern) == said
    assert not found(pattern, "a")


def test_a_right_pattern_has_no_complaint() -> None:
    assert complaint("^[a-z]{1,63}$") == ""


def test_no_pattern_makes_the_server_wait() -> None:
    began = time.process_time()
    assert not found("^(a+)+$", "a" * 100_000 + "b")
    assert time.process_time() - began < 5, "backtracking would take longer than the universe has"
