"""Files of variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kit.errors import Invalid
from wherry.node.pods.composing.envfiles import value

FILE = """
# a comment
ONE='1'
  TWO='a b # c'   # and another
THREE='first
second = \\ "x"
'
EMPTY=''
NOTHING=
SPACE= 'not taken'
ONE='again'
LAST='no line break'"""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("ONE", "1"), ("TWO", "a b # c"), ("THREE", 'first\nsecond = \\ "x"\n'), ("EMPTY", ""), ("NOTHING", ""),
        ("SPACE", ""), ("LAST", "no line break"), ("FOUR", None), ("second ", None),
    ],
)  # fmt: skip
def test_what_a_file_says(key: str, expected: str | None) -> None:
    assert value(FILE, key) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A", "invalid environment variable format at line 1"),
        ("\nA ='1'", "line 2: a name has to be before"),
        ("='1'", "a name has to be before"),
        ("X='1\n2'\nA=1", "enclosed in single quotes at line 3"),
        ('A="1"', "enclosed in single quotes at line 1"),
        ("\nA='1", "unclosed single quote, which begins at line 2"),
        ("A='1'x", "unexpected content after the closing quote at line 1"),
        ("A='1'#x", "unexpected content"),
        ("A='1\n'x", "unexpected content after the closing quote at line 2"),
    ],
)
def test_what_is_no_such_file(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        value(text, "KEY")


def test_what_comes_after_the_key_does_not_matter() -> None:
    assert value("KEY='1'\nbad", "KEY") == "1"


@given(st.text().filter(lambda text: "'" not in text))
def test_every_value_without_a_quote_can_be_written(text: str) -> None:
    assert value(f"A='x'\nKEY='{text}'\n", "KEY") == text


@given(st.text(alphabet="AB='# \n\r\t\\"))
def test_every_text_is_read_or_refused(text: str) -> None:
    try:
        value(text, "A")
    except Invalid:
        pass
