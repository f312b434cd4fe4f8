"""Quotes, escapes and ``$variables`` in the words of a Dockerfile instruction. Pure.

The grammar is BuildKit's ``shell.Lex`` (frontend/dockerfile/shell/lex.go): ``$name``, ``${name}``, and with a word
``${name-w}``, ``${name+w}``, ``${name?w}``, each also with a colon, which treats empty as unset.
"""

import json
from collections.abc import Mapping

from wherry.kit.errors import Invalid

_DEPTH_LIMIT = 32
"""Nested ``${a:-${b:-…}}``: more is nobody's Dockerfile, and recursion here must be bounded."""


def expand(word: str, variables: Mapping[str, str]) -> str:
    """``word`` with quotes taken away and variables filled in; unset ones are empty. Raises Invalid."""
    try:
        return _Expansion(word, variables).run("")
    except Invalid as error:
        raise Invalid(f"failed to process {json.dumps(word, ensure_ascii=False)}: {error.message}") from error


class _Expansion:
    """A cursor over one word."""

    def __init__(self, text: str, variables: Mapping[str, str], depth: int = 0) -> None:
        self._text = text
        self._variables = variables
        self._at = 0
        self._depth = depth

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        character = self._peek()
        self._at += 1
        return character

    def run(self, stop: str) -> str:
        """Up to an unquoted ``stop`` (not consumed) or the end."""
        parts: list[str] = []
        while (character := self._peek()) and character != stop:
            self._at += 1
            parts.append(self._one(character))
        if stop and not self._peek():
            raise Invalid(f"unexpected end of statement while looking for matching {stop}")
        return "".join(parts)

    def _one(self, character: str) -> str:
        match character:
            case "'":
                return self._single_quoted()
            case '"':
                return self._double_quoted()
            case "$":
                return self._dollar()
            case "\\":
                return self._next()
        return character

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise Invalid("unexpected end of statement while looking for matching single-quote")
        quoted = self._text[self._at : end]
        self._at = end + 1
        return quoted

    def _double_quoted(self) -> str:
        parts: list[str] = []
        while character := self._next():
            if character == '"':
                return "".join(parts)
            if character == "$":
                parts.append(self._dollar())
            elif character == "\\":
                # Inside double quotes a backslash is itself, except before what it can escape there.
                following = self._next()
                parts.append(following if following in ('"', "$", "\\") else character + following)
            else:
                parts.append(character)
        raise Invalid("unexpected end of statement while looking for matching double-quote")

    def _dollar(self) -> str:
        if self._peek() == "{":
            self._at += 1
            return self._braced()
        name = self._name()
        return self._variables.get(name, "") if name else "$"

    def _name(self) -> str:
        """A variable's name: letters, digits, underscore; or one digit or special parameter."""
        start = self._at
        first = self._peek()
        if first and first in "0123456789@*#":
            self._at += 1
            return first
        while (character := self._peek()) and (character == "_" or (character.isascii() and character.isalnum())):
            self._at += 1
        return self._text[start : self._at]

    def _braced(self) -> str:
        name = self._name()
        if not name:
            raise Invalid("syntax error: bad substitution")
        operator = self._next()
        if operator == "}":
            return self._variables.get(name, "")
        colon = operator == ":"
        if colon:
            operator = self._next()
        if not operator:
            raise Invalid("syntax error: missing '}'")
        if operator not in ("-", "+", "?"):
            raise Invalid(f"unsupported modifier ({':' if colon else ''}{operator}) in substitution")
        return self._chosen(name, operator, colon, self._alternative())

    def _alternative(self) -> str:
        if self._depth >= _DEPTH_LIMIT:
            raise Invalid("substitutions are nested too deeply")
        self._depth += 1
        word = self.run("}")
        self._depth -= 1
        self._at += 1
        return word

    def _chosen(self, name: str, operator: str, colon: bool, word: str) -> str:
        value = self._variables.get(name)
        is_set = bool(value) if colon else value is not None
        if operator == "+":
            return word if is_set else ""
        if not is_set and operator == "?":
            raise Invalid(f"{name}: {word or 'not set'}")
        return (value or "") if is_set else word
