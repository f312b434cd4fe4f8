"""Quotes, escapes and variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.expand import GROWTH_LIMIT, Manner, expand, expand_document, expand_words, split_words
from wherry.kit.errors import Invalid

VARIABLES = {"A": "one", "EMPTY": "", "B_2": "two words", "P": "/usr/local/bin/x.tar.gz", "12": "twelve"}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("plain", "plain"),
        ("'single $A \\ quotes'", "single $A \\ quotes"),
        ('"double $A quotes"', "double one quotes"),
        ('"a \\"b\\" \\$A \\\\ \\n"', 'a "b" $A \\ \\n'),
        ("a\\ b\\nc", "a bnc"),
        ("\\$A", "$A"),
        ("$A", "one"),
        ("${A}x", "onex"),
        ("$Ax", ""),
        ("$A.x", "one.x"),
        ("${B_2}", "two words"),
        ("$", "$"),
        ("a$", "a$"),
        ("$/x", "$/x"),
        ("$12", "twelve"),
        ("$@$$x", "x"),
        ("${NONE:-word}", "word"),
        ("${EMPTY:-word}", "word"),
        ("${EMPTY-word}", ""),
        ("${NONE-word}", "word"),
        ("${A:-word}", "one"),
        ("${A:+word}", "word"),
        ("${A+word}", "word"),
        ("${EMPTY:+word}", ""),
        ("${EMPTY+word}", "word"),
        ("${NONE+word}", ""),
        ("${NONE:-${A}}", "one"),
        ("${NONE:-${EMPTY:-$A}}", "one"),
        ("${NONE:-'}'}", "}"),
        ("${NONE:-\\}}", "}"),
        ('"${NONE:-a b}"', "a b"),
        ("${A:?missing}", "one"),
        ("${EMPTY?missing}", ""),
        ("${P#*/}", "usr/local/bin/x.tar.gz"),
        ("${P##*/}", "x.tar.gz"),
        ("${P%.*}", "/usr/local/bin/x.tar"),
        ("${P%%.*}", "/usr/local/bin/x"),
        ("${P%/*}", "/usr/local/bin"),
        ("${P/local/}", "/usr//bin/x.tar.gz"),
        ("${P//\\//-}", "-usr-local-bin-x.tar.gz"),
        ("${P/b?n/s$A}", "/usr/local/sone/x.tar.gz"),
        ("${NONE#x}", ""),
        ("${NONE/x/y}", ""),
        ("${A#\\}}", "one"),
        ("\\", ""),
        ("한국어 $A", "한국어 one"),
    ],
)
def test_a_text_means(text: str, meaning: str) -> None:
    assert expand(text, VARIABLES.get) == meaning


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'open", "unexpected end of statement while looking for matching single-quote"),
        ('"open', "unexpected end of statement while looking for matching double-quote"),
        ("${A", "syntax error: missing '}'"),
        ("${", "syntax error: missing '}'"),
        ("${A:", "syntax error: missing '}'"),
        ("${NONE:-x", "syntax error: missing '}'"),
        ("${NONE:-'x", "unexpected end of statement while looking for matching single-quote"),
        ("${P/x", "syntax error: missing '/' in ${}"),
        ("${P/x/y", "syntax error: missing '}'"),
        ("${}", "syntax error: bad substitution"),
        ("${{A}}", "syntax error: bad substitution"),
        ("${:-x}", "syntax error: bad substitution"),
        ("${A:%x}", "unsupported modifier (:%) in substitution"),
        ("${A:#x}", "unsupported modifier (:#) in substitution"),
        ("${A^}", "unsupported modifier (^) in substitution"),
        ("${A.b}", "unsupported modifier (.) in substitution"),
        ("${NONE:?not here}", "NONE: not here"),
        ("${NONE?}", "NONE: is not allowed to be unset"),
        ("${EMPTY:?}", "EMPTY: is not allowed to be empty"),
        ("${A#\\x}", "invalid pattern (\\x) in substitution: invalid escape '\\x'"),
        ("${X:-" * 100 + "}" * 100, "substitutions are nested too deeply"),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        expand(text, VARIABLES.get)
    assert refused.value.message.endswith(f": {message}")


def test_a_refusal_quotes_the_text() -> None:
    with pytest.raises(Invalid) as refused:
        expand('"x', VARIABLES.get)
    assert refused.value.message.startswith('failed to process "\\"x": ')


def test_a_back_quote_escapes_when_it_was_chosen() -> None:
    assert expand("`$A \\$A", VARIABLES.get, "`") == "$A \\one"
    assert expand("c:\\windows", VARIABLES.get, "`") == "c:\\windows"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ("a", "b")),
        ("$B_2", ("two", "words")),
        ('"$B_2"', ("two words",)),
        ("x$B_2", ("xtwo", "words")),
        ("a\\ b c", ("a b", "c")),
        ("$EMPTY", ()),
        ("''", ()),
        ("", ()),
    ],
)
def test_words_are_cut_after_expansion(text: str, words: tuple[str, ...]) -> None:
    assert expand_words(text, VARIABLES.get) == words


def test_words_can_be_left_as_they_were_written() -> None:
    manner = Manner(keeps_quotes=True, keeps_escapes=True, keeps_unset=True)
    text = "cat \"a $X\" 'b' c\\ d ${Y:-z} ${V#a} ${V//a/b}"
    assert split_words(text, {}.get, manner) == (
        "cat",
        '"a $X"',
        "'b'",
        "c\\ d",
        "${Y:-z}",
        "${V#a}",
        "${V//a/b}",
    )


def test_documents_have_no_quotes() -> None:
    text = "echo \"$A\" '$A' \\$A \\n ${NONE:-x}\n"
    assert expand_document(text, VARIABLES.get) == "echo \"one\" 'one' $A n x\n"


@given(st.text())
def test_any_text_expands_or_is_refused(text: str) -> None:
    for escape in "\\`":
        try:
            expand(text, VARIABLES.get, escape)
        except Invalid:
            pass


@given(st.text(alphabet=st.characters(blacklist_characters="$\\'\"", blacklist_categories=["Cs"])))
def test_a_text_with_nothing_special_is_itself(text: str) -> None:
    assert expand(text, VARIABLES.get) == text


@given(st.text())
def test_single_quotes_keep_everything(text: str) -> None:
    if "'" not in text:
        assert expand(f"'{text}'", VARIABLES.get) == text


@given(st.text(alphabet="abc", min_size=1), st.text())
def test_a_variable_is_its_value(name: str, value: str) -> None:
    assert expand(f"${{{name}}}", {name: value}.get) == value
    assert expand(f'"${name}"', {name: value}.get) == value


@pytest.mark.parametrize("text", ["$A$A", "${B:-$A$A}", '"$A$A"', "${A//x/$C}", "${A//?/$C}", "${A/x*/$A$A}"])
def test_values_that_grow_beyond_measure(text: str) -> None:
    values = {"A": "x" * (GROWTH_LIMIT // 2 + 1), "C": "yy"}
    with pytest.raises(Invalid, match="too long"):
        expand(text, values.get)


def test_a_long_text_without_variables() -> None:
    text = "x" * (2 * GROWTH_LIMIT)
    assert expand(text, {}.get) == text
