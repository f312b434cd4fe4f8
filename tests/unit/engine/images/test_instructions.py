"""Instructions out of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.images.instructions import Instruction, parse, split_words
from wherry.kit.errors import Invalid


def only(text: str) -> Instruction:
    (instruction,) = parse(text)
    return instruction


@pytest.mark.parametrize(
    ("text", "arguments", "is_json"),
    [
        ("CMD echo  hi", ("echo  hi",), False),
        ('CMD ["echo", "hi"]', ("echo", "hi"), True),
        ('CMD ["echo", 1]', ('["echo", 1]',), False),
        ("CMD ['echo']", ("['echo']",), False),
        ("cmd\techo", ("echo",), False),
        ("CMD", (), False),
        ("ENV A=b C='d e'", ("A", "b", "C", "'d e'"), False),
        ("ENV A b  c", ("A", "b  c"), False),
        ("LABEL a.b=c\\ d", ("a.b", "c\\ d"), False),
        ("EXPOSE 80 81/udp", ("80", "81/udp"), False),
        ("VOLUME /a /b", ("/a", "/b"), False),
        ('VOLUME ["/a b"]', ("/a b",), True),
        ("USER  root ", ("root",), False),
        ("WORKDIR /a b", ("/a b",), False),
        ("HEALTHCHECK CMD curl x", ("CMD", "curl x"), False),
        ('HEALTHCHECK CMD ["curl"]', ("CMD", "curl"), True),
        ("HEALTHCHECK NONE", ("NONE",), False),
    ],
)
def test_arguments(text: str, arguments: tuple[str, ...], is_json: bool) -> None:
    instruction = only(text)
    assert (instruction.arguments, instruction.is_json) == (arguments, is_json)


def test_flags_stand_before_arguments() -> None:
    instruction = only("HEALTHCHECK --interval=5s  --retries=3 CMD x --y")
    assert instruction.flags == ("interval=5s", "retries=3")
    assert instruction.arguments == ("CMD", "x --y")


def test_lines_are_joined_and_comments_dropped() -> None:
    text = "# one\nENV A=b \\\n  # two\n\n  C=d\n\nCMD x"
    assert [one.arguments for one in parse(text)] == [("A", "b", "C", "d"), ("x",)]


def test_a_doubled_backslash_continues_nothing() -> None:
    assert [one.keyword for one in parse("CMD a\\\\\nUSER x")] == ["cmd", "user"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file with no instructions"),
        ("# only a comment", "file with no instructions"),
        ("ENV A", "ENV must have two arguments"),
        ("ENV A=b C", 'Syntax error - can\'t find = in "C". Must be of the form: name=value'),
        ("LABEL x", "LABEL must have two arguments"),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert refused.value.message == message


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parse(text)
    except Invalid:
        pass


@given(st.lists(st.text(alphabet="abcDEF019=.-_/", min_size=1), min_size=1))
def test_plain_words_come_back(words: list[str]) -> None:
    assert split_words("  ".join(words)) == words
