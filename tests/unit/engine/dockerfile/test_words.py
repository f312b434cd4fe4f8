"""Words of an instruction, before expansion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.model import KeyValue
from wherry.engine.dockerfile.words import first_word, json_array, pairs, quoted, split_blanks, split_quoted
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a b", ["a", "b"]),
        ("a\t \tb", ["a", "b"]),
        ('a="b c" d', ['a="b c"', "d"]),
        ("a='b c' d", ["a='b c'", "d"]),
        ("a=b\\ c d", ["a=b\\ c", "d"]),
        ("a='b\\' c", ["a='b\\'", "c"]),
        ('a="b\\" c" d', ['a="b\\" c"', "d"]),
        ('a="b', ['a="b']),
        ("a\\", ["a"]),
        ('""', ['""']),
    ],
)
def test_words_end_at_unquoted_white_space(text: str, words: list[str]) -> None:
    assert split_quoted(text, "\\") == words


def test_the_escape_character_may_be_a_back_quote() -> None:
    assert split_quoted("a=b` c d\\ e", "`") == ["a=b` c", "d\\", "e"]


def test_blanks_do_not_heed_quotes() -> None:
    assert split_blanks('a "b c"') == ["a", '"b', 'c"']
    assert first_word("  RUN\t x  y ") == ("RUN", "x  y")
    assert first_word("RUN") == ("RUN", "")


@given(st.lists(st.text(alphabet="abcDEF019=.-_/", min_size=1), min_size=1))
def test_plain_words_come_back(words: list[str]) -> None:
    assert split_quoted("  ".join(words), "\\") == words
    assert split_blanks(" ".join(words)) == words


@pytest.mark.parametrize(
    ("text", "found", "is_legacy"),
    [
        ("a=b", [("a", "b")], False),
        ("a=b c=d=e", [("a", "b"), ("c", "d=e")], False),
        ("a=", [("a", "")], False),
        ("a b  c", [("a", "b  c")], True),
        ("a b=c", [("a", "b=c")], True),
        ("'a b'=c", [("'a b'", "c")], False),
    ],
)
def test_pairs_come_in_two_forms(text: str, found: list[tuple[str, str]], is_legacy: bool) -> None:
    assert pairs(text, "ENV", "\\") == (tuple(KeyValue(*pair) for pair in found), is_legacy)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ENV requires at least one argument"),
        ("a", "ENV must have two arguments"),
        ("a=b c", 'Syntax error - can\'t find = in "c". Must be of the form: name=value'),
        ("=b", "ENV names can not be blank"),
    ],
)
def test_pairs_are_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        pairs(text, "ENV", "\\")
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("text", "array"),
    [
        ('["a", "b"]', ("a", "b")),
        (" [] ", ()),
        ("['a']", None),
        ("a", None),
        ('["a"] # b', None),
        ('["a"', None),
        ('["c:\\x"]', None),
        ('["\\u00e4"]', ("ä",)),
        ('["\\ud800"]', ("\ufffd",)),
        ("[" * 5000, None),
        ("[NaN]", None),
    ],
)
def test_an_array_of_strings_is_one(text: str, array: tuple[str, ...] | None) -> None:
    assert json_array(text) == array


@pytest.mark.parametrize("text", ["[1]", '["a", null]', '[["a"]]'])
def test_other_arrays_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="arrays must be comprised of strings only"):
        json_array(text)


def test_a_null_character_is_refused() -> None:
    with pytest.raises(Invalid, match="null character"):
        json_array('["a\\u0000"]')


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a b", '"a b"'), ('"\\', '"\\"\\\\"'), ("\n\t\x01é\x7f", '"\\n\\t\\x01é\\x7f"'), ("\u200b", '"\\u200b"')],
)
def test_quoted_is_gos(text: str, shown: str) -> None:
    assert quoted(text) == shown
