"""The user's terminal: raw mode, size, and the keys that detach."""

import contextlib
import os
import sys
import termios
import tty
from collections.abc import Iterator

import click

DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q"


def is_terminal(descriptor: int) -> bool:
    return os.isatty(descriptor)


@contextlib.contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Raw mode as docker sets it, output processing off too; the terminal is restored whatever happens."""
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def size() -> tuple[int, int] | None:
    """(rows, columns) of the terminal, or None when there is none or it has no size."""
    for stream in (sys.stdout, sys.stdin):
        try:
            columns, rows = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            continue
        return (rows, columns) if rows and columns else None
    return None


def parse_detach_keys(text: str) -> bytes:
    """``ctrl-p,ctrl-q`` as bytes; raises UsageError. Grammar: moby/term, ascii.go."""
    if not text:
        return b""
    codes = [_key(name) for name in text.split(",")]
    return bytes(codes)


def _key(name: str) -> int:
    special = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31, "del": 127}
    if len(name) == 1 and name.isascii():
        return ord(name)
    letter = name.removeprefix("ctrl-").lower()
    if name.startswith("ctrl-") and len(letter) == 1 and letter.isalpha():
        return ord(letter) - ord("a") + 1
    if name.startswith("ctrl-") and letter in special:
        return special[letter]
    if name.upper() == "DEL":
        return 127
    raise click.UsageError(
        f"invalid detach keys: unknown key {name!r} (a letter, or ctrl- and one of a-z @ [ \\ ] ^ _)"
    )


class DetachKeys:
    """Finds the key sequence in what is typed, across reads, and holds back what may be its beginning."""

    def __init__(self, sequence: bytes) -> None:
        self._sequence = sequence
        self._matched = 0

    def feed(self, typed: bytes) -> tuple[bytes, bool]:
        """(what to pass on, whether the sequence was completed)."""
        if not self._sequence:
            return typed, False
        passed = bytearray()
        for position in range(len(typed)):
            byte = typed[position]
            if byte == self._sequence[self._matched]:
                self._matched += 1
                if self._matched == len(self._sequence):
                    return bytes(passed), True
                continue
            passed += self._sequence[: self._matched]
            self._matched = 1 if byte == self._sequence[0] else 0
            if not self._matched:
                passed.append(byte)
        return bytes(passed), False
