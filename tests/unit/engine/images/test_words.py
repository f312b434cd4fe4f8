"""Quotes, escapes and variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.images.words import expand
from wherry.kit.errors import Invalid

VARIABLES = {"A": "one", "EMPTY": "", "B_2": "two words"}


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("plain", "plain"),
        ("'single $A \\ quotes'", "single $A \\ quotes"),
        ('"double $A quotes"', "double one quotes"),
        ('"a \\"b\\" \\$A \\\\ \\n"', 'a "b" $A \\ \\n'),
        ("a\\ b", "a b"),
        ("\\$A", "$A"),
        ("$A", "one"),
        ("${A}x", "onex"),
        ("$Ax", ""),
        ("$A.x", "one.x"),
        ("${B_2}", "two words"),
        ("$", "$"),
        ("a$", "a$"),
        ("${NONE:-word}", "word"),
        ("${EMPTY:-word}", "word"),
        ("${EMPTY-word}", ""),
        ("${A:-word}", "one"),
        ("${A:+word}", "word"),
        ("${EMPTY:+word}", ""),
        ("${EMPTY+word}", "word"),
        ("${NONE:-${A}}", "one"),
        ("${NONE:-'}'}", "}"),
        ("${A:?missing}", "one"),
    ],
)
def test_a_word_means(word: str, meaning: str) -> None:
    assert expand(word, VARIABLES) == meaning


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("'open", "matching single-quote"),
        ('"open', "matching double-quote"),
        ("${A", "missing '}'"),
        ("${NONE:-x", "matching }"),
        ("${}", "bad substitution"),
        ("${A:%x}", r"unsupported modifier \(:%\)"),
        ("${NONE:?not here}", "NONE: not here"),
        ("${X:-" * 100 + "}" * 100, "nested too deeply"),
    ],
)
def test_nonsense_is_refused(word: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        expand(word, VARIABLES)


def test_a_refusal_quotes_the_word() -> None:
    with pytest.raises(Invalid) as refused:
        expand('"x', {})
    assert refused.value.message == (
        'failed to process "\\"x": unexpected end of statement while looking for matching double-quote'
    )


@given(st.text())
def test_any_text_expands_or_is_refused(word: str) -> None:
    try:
        expand(word, VARIABLES)
    except Invalid:
        pass


@given(st.text())
def test_single_quotes_keep_everything(word: str) -> None:
    if "'" not in word:
        assert expand(f"'{word}'", VARIABLES) == word
