"""The ``--flags`` of an instruction. Pure.

Cut off as BuildKit does (frontend/dockerfile/parser/split_command.go: quotes go, a backslash escapes whatever
``# escape=``), checked as in frontend/dockerfile/instructions/bflag.go, whose words errors have.
"""

from collections.abc import Mapping, Sequence
from enum import Enum

from wherry.engine.dockerfile.suggest import suggestion
from wherry.engine.dockerfile.words import SPACES
from wherry.kit.errors import Invalid


class Kind(Enum):
    """How a flag is given: ``--name=value`` once or often, or ``--name[=true|false]``."""

    TEXT = "text"
    TEXTS = "texts"
    BOOLEAN = "boolean"


def cut_flags(text: str) -> tuple[tuple[str, ...], str]:
    """The leading flags, unquoted, and what follows them. ``--`` alone ends them and is dropped."""
    flags: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at] in SPACES:
            at += 1
        if not text.startswith("--", at):
            return tuple(flags), text[at:]
        word, at = _word(text, at)
        if word == "--":
            return tuple(flags), text[at:]
        flags.append(word)


def _word(text: str, at: int) -> tuple[str, int]:
    """The word at ``at`` without its quotes, and where it ends."""
    characters: list[str] = []
    quote = ""
    while at < len(text):
        character = text[at]
        if not quote and character in SPACES:
            break
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
        elif character != "\\":
            characters.append(character)
        elif at + 1 < len(text):
            at += 1
            characters.append(text[at])
        at += 1
    return "".join(characters), at


class Flags:
    """The flags of one instruction, which knows those of ``kinds``. Raises Invalid for others and for bad values."""

    def __init__(self, words: Sequence[str], kinds: Mapping[str, Kind]) -> None:
        self._values: dict[str, list[str]] = {}
        for word in words:
            self._add(word, kinds)

    def _add(self, word: str, kinds: Mapping[str, Kind]) -> None:
        flag, equals, value = word.partition("=")
        name = flag.removeprefix("--")
        kind = kinds.get(name)
        if kind is None:
            raise Invalid(f"unknown flag: {flag}{suggestion(name, kinds)}")
        if name in self._values and kind is not Kind.TEXTS:
            raise Invalid(f"duplicate flag specified: {flag}")
        if (not equals and kind is not Kind.BOOLEAN) or (equals and not value and kind is Kind.BOOLEAN):
            raise Invalid(f"missing a value on flag: {flag}")
        if kind is Kind.BOOLEAN:
            value = value.lower() or "true"
            if value not in ("true", "false"):
                raise Invalid(f"expecting boolean value for flag {flag}, not: {word.partition('=')[2]}")
        self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str:
        """Empty when not given."""
        return self._values.get(name, [""])[0]

    def texts(self, name: str) -> tuple[str, ...]:
        """All that were given, in order."""
        return tuple(self._values.get(name, ()))

    def boolean(self, name: str) -> bool | None:
        """None when not given."""
        values = self._values.get(name)
        return None if values is None else values[0] == "true"
