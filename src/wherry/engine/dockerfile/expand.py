"""Quotes, escapes and ``$variables`` in the words of an instruction. Pure.

The grammar is BuildKit's ``shell.Lex`` (frontend/dockerfile/shell/lex.go): ``$name``, ``${name}``, and with a word
``${name-w}``, ``${name+w}``, ``${name?w}``, each also with a colon, which treats empty as unset; ``${name#p}`` ``##``
``%`` ``%%`` take a pattern away, ``${name/p/w}`` and ``//`` replace it. Alternatives are read whether chosen or not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from wherry.engine.dockerfile import patterns
from wherry.engine.dockerfile.model import BACKSLASH
from wherry.engine.dockerfile.words import SPACES, quoted
from wherry.kit.errors import Invalid

Lookup = Callable[[str], str | None]
"""A variable's value; None when it is not set."""

_DEPTH_LIMIT = 32
"""Nested ``${a:-${b:-…}}``: more is nobody's Dockerfile, and recursion here must be bounded."""

TOO_LONG = "with its variables filled in it is too long"

GROWTH_LIMIT = 256 << 10
"""Characters that variables may add to one text, and to all texts of an instruction: ``ENV A=$A$A`` doubles each time.
Twice what one string of a program's environment may have (MAX_ARG_STRLEN, execve(2))."""

_SPECIAL = "@*#?-$!"
"""Parameters of one character that a shell knows; here they are variables that nobody sets."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a text is read. ``keeps_…``: leave quotes, escape characters, or variables that are not set, in the result.

    ``ignores_quotes``: they are characters like others.
    """

    escape: str = BACKSLASH
    keeps_quotes: bool = False
    keeps_escapes: bool = False
    keeps_unset: bool = False
    ignores_quotes: bool = False


def expand(text: str, lookup: Lookup, escape: str = BACKSLASH) -> str:
    """``text`` with quotes taken away and variables filled in; unset ones are empty. Raises Invalid, quoting it."""
    return "".join(piece for piece, _ in _pieces(text, lookup, Manner(escape)))


def expand_words(text: str, lookup: Lookup, escape: str = BACKSLASH) -> tuple[str, ...]:
    """:func:`expand`, then cut at white space that was neither quoted nor escaped; empty words are dropped."""
    return split_words(text, lookup, Manner(escape))


def expand_document(text: str, lookup: Lookup) -> str:
    """Variables in a here-document. Quotes are plain; a backslash escapes whatever follows it, and goes."""
    return "".join(piece for piece, _ in _pieces(text, lookup, Manner(ignores_quotes=True)))


def split_words(text: str, lookup: Lookup, manner: Manner) -> tuple[str, ...]:
    """:func:`expand_words` in any manner."""
    words, word = [], ""
    for piece, can_split in _pieces(text, lookup, manner):
        for character in piece if can_split else (piece,):
            if can_split and character in SPACES:
                words.append(word)
                word = ""
            else:
                word += character
    return tuple(word for word in [*words, word] if word)


def _pieces(text: str, lookup: Lookup, manner: Manner) -> list[tuple[str, bool]]:
    try:
        return _Reader(text, lookup, manner).pieces("")
    except Invalid as error:
        raise Invalid(f"failed to process {quoted(text)}: {error.message}") from error


class _Reader:
    """A cursor over one text."""

    def __init__(self, text: str, lookup: Lookup, manner: Manner) -> None:
        self._text = text
        self._lookup = lookup
        self._manner = manner
        self._at = 0
        self._depth = 0
        self._filled = 0

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        character = self._peek()
        self._at += 1
        return character

    def pieces(self, stop: str, keeps_escapes: bool = False) -> list[tuple[str, bool]]:
        """Up to an unquoted ``stop``, which is consumed, or the end; each with whether white space in it separates."""
        keeps_escapes = keeps_escapes or self._manner.keeps_escapes
        quotes = "" if self._manner.ignores_quotes else "'\""
        found: list[tuple[str, bool]] = []
        while character := self._next():
            if character == stop:
                return found
            if character in quotes:
                found.append((self._quoted(character, keeps_escapes), False))
            elif character == "$":
                found.append((self._dollar(), True))
            elif character == self._manner.escape:
                found.append(((character if keeps_escapes else "") + self._next(), False))
            else:
                found.append((character, True))
        if stop:
            raise Invalid(f"unexpected end of statement while looking for matching {stop}")
        return found

    def _quoted(self, quote: str, keeps_escapes: bool) -> str:
        content = self._single_quoted() if quote == "'" else self._double_quoted(keeps_escapes)
        return f"{quote}{content}{quote}" if self._manner.keeps_quotes else content

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise Invalid("unexpected end of statement while looking for matching single-quote")
        content = self._text[self._at : end]
        self._at = end + 1
        return content

    def _double_quoted(self, keeps_escapes: bool) -> str:
        parts: list[str] = []
        while character := self._next():
            if character == '"':
                return "".join(parts)
            if character == "$":
                parts.append(self._dollar())
            elif character == self._manner.escape:
                parts.append(self._escaped(keeps_escapes))
            else:
                parts.append(character)
        raise Invalid("unexpected end of statement while looking for matching double-quote")

    def _escaped(self, keeps_escapes: bool) -> str:
        """Inside double quotes an escape character is itself, except before what it can escape there."""
        escape = self._manner.escape
        if self._peek() and self._peek() in f'"${escape}':
            return (escape if keeps_escapes else "") + self._next()
        return escape

    def _dollar(self) -> str:
        if self._peek() == "{":
            self._at += 1
            value = self._braced()
        else:
            name = self._name()
            value = self._plain(name, f"${name}") if name else "$"
        self._filled += len(value)
        if self._filled > GROWTH_LIMIT:
            raise Invalid(TOO_LONG)
        return value

    def _plain(self, name: str, written: str) -> str:
        value = self._lookup(name)
        if value is None:
            return written if self._manner.keeps_unset else ""
        return value

    def _name(self) -> str:
        """A variable's name: letters, digits, underscore; or digits only; or one special parameter."""
        start = self._at
        if self._peek().isdecimal():
            while self._peek().isdecimal():
                self._at += 1
        elif self._peek() and self._peek() in _SPECIAL:
            self._at += 1
        else:
            while self._peek() == "_" or self._peek().isalpha() or self._peek().isdecimal():
                self._at += 1
        return self._text[start : self._at]

    def _braced(self) -> str:
        if not self._peek():
            raise Invalid("syntax error: missing '}'")
        if self._peek() in "{}:":
            raise Invalid("syntax error: bad substitution")
        name = self._name()
        operator = self._next()
        if operator == "}":
            return self._plain(name, f"${{{name}}}")
        if operator == "/":
            return self._replacement(name)
        if operator == ":":
            operator += self._next()
        if not operator or operator == ":":
            raise Invalid("syntax error: missing '}'")
        if operator in ("#", "%"):
            return self._trimmed(name, operator)
        if operator.removeprefix(":") not in ("-", "+", "?"):
            raise Invalid(f"unsupported modifier ({operator}) in substitution")
        word = self._word("}", False)
        written = f"${{{name}{operator}{word}}}"
        return self._chosen(name, operator, word, written)

    def _word(self, stop: str, keeps_escapes: bool) -> str:
        if self._depth >= _DEPTH_LIMIT:
            raise Invalid("substitutions are nested too deeply")
        self._depth += 1
        try:
            word = "".join(piece for piece, _ in self.pieces(stop, keeps_escapes))
        except Invalid as error:
            if self._peek():
                raise
            missing = "missing '}'" if stop == "}" else "missing '/' in ${}"
            raise Invalid(f"syntax error: {missing}") from error
        self._depth -= 1
        return word

    def _chosen(self, name: str, operator: str, word: str, written: str) -> str:
        value = self._lookup(name)
        if value is None and self._manner.keeps_unset:
            return written
        is_set = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("+"):
            return word if is_set else ""
        if operator.endswith("?") and not is_set:
            default = "is not allowed to be unset" if value is None else "is not allowed to be empty"
            raise Invalid(f"{name}: {word or default}")
        return (value or "") if is_set else word

    def _trimmed(self, name: str, operator: str) -> str:
        word = self._word("}", True)
        value = self._lookup(name)
        if value is None and self._manner.keeps_unset:
            return f"${{{name}{operator}{word}}}"
        pattern = patterns.tokens(word.removeprefix(operator), self._manner.escape)
        trim = patterns.without_prefix if operator == "#" else patterns.without_suffix
        return trim(value or "", pattern, word.startswith(operator))

    def _replacement(self, name: str) -> str:
        everywhere = self._peek() == "/"
        self._at += everywhere
        pattern, word = self._word("/", True), self._word("}", True)
        value = self._lookup(name)
        if value is None and self._manner.keeps_unset:
            return f"${{{name}/{'/' if everywhere else ''}{pattern}/{word}}}"
        taken = patterns.tokens(pattern, self._manner.escape)
        return patterns.replaced(value or "", taken, word, everywhere, GROWTH_LIMIT)
