"""Detach keys."""

import click
import pytest

from wherry.app.cli.terminal import DetachKeys, parse_detach_keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("a", b"a"),
        ("ctrl-@,ctrl-[", b"\x00\x1b"),
        ("", b""),
        ("ctrl-A,DEL", b"\x01\x7f"),
    ],
)
def test_keys(text: str, keys: bytes) -> None:
    assert parse_detach_keys(text) == keys


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "ab", "é"])
def test_keys_that_are_none(text: str) -> None:
    with pytest.raises(click.UsageError, match="unknown key"):
        parse_detach_keys(text)


@pytest.mark.parametrize(
    ("typed", "passed", "detached"),
    [
        ([b"abc"], b"abc", False),
        ([b"a\x10\x11b"], b"a", True),
        ([b"\x10", b"\x11"], b"", True),
        ([b"\x10", b"x"], b"\x10x", False),
        ([b"\x10\x10\x11"], b"\x10", True),
    ],
)
def test_the_sequence_is_found_across_reads(typed: list[bytes], passed: bytes, detached: bool) -> None:
    keys = DetachKeys(b"\x10\x11")
    results = [keys.feed(data) for data in typed]
    assert b"".join(part for part, _ in results) == passed
    assert results[-1][1] is detached
