"""Flags: cutting them off, and what they may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.flags import Flags, Kind, cut_flags
from wherry.kit.errors import Invalid

KINDS = {"from": Kind.TEXT, "mount": Kind.TEXTS, "link": Kind.BOOLEAN}


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("", (), ""),
        ("a --b", (), "a --b"),
        ("--a --b=c d --e", ("--a", "--b=c"), "d --e"),
        ("  --a  d", ("--a",), "d"),
        ("--a -- --b", ("--a",), " --b"),
        ('--a="b c" d', ("--a=b c",), "d"),
        ("--a='b \"c' d", ('--a=b "c',), "d"),
        ("--a=b\\ c d", ("--a=b c",), "d"),
        ("--a", ("--a",), ""),
        ("-a b", (), "-a b"),
        ('--a="b', ("--a=b",), ""),
    ],
)
def test_flags_stand_before_arguments(text: str, flags: tuple[str, ...], rest: str) -> None:
    assert cut_flags(text) == (flags, rest)


def test_flags_have_values() -> None:
    flags = Flags(["--from=a=b", "--mount=x", "--mount=y", "--link"], KINDS)
    assert flags.text("from") == "a=b"
    assert flags.texts("mount") == ("x", "y")
    assert flags.boolean("link") is True
    assert Flags(["--link=FALSE"], KINDS).boolean("link") is False
    none = Flags([], KINDS)
    assert (none.text("from"), none.texts("mount"), none.boolean("link")) == ("", (), None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--form=x"], "unknown flag: --form (did you mean from?)"),
        (["--nothing"], "unknown flag: --nothing"),
        (["--From=x"], "unknown flag: --From (did you mean from?)"),
        (["--from"], "missing a value on flag: --from"),
        (["--mount"], "missing a value on flag: --mount"),
        (["--link="], "missing a value on flag: --link"),
        (["--link=1"], "expecting boolean value for flag --link, not: 1"),
        (["--from=a", "--from=b"], "duplicate flag specified: --from"),
    ],
)
def test_bad_flags_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(Invalid) as refused:
        Flags(words, KINDS)
    assert refused.value.message == message


@given(st.text())
def test_any_text_is_cut(text: str) -> None:
    _, rest = cut_flags(text)
    assert text.endswith(rest)
