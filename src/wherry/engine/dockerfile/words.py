"""Words of an instruction, before anything in them is expanded. Pure.

The rules are those of BuildKit's line parsers (frontend/dockerfile/parser/line_parsers.go): which instruction is cut at
white space, which at white space outside of quotes, and which is a JSON array or else something simpler.
"""

import json
import re

from wherry.engine.dockerfile.model import KeyValue
from wherry.kit.errors import Invalid

SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's unicode.IsSpace says yes to; Python's ``isspace`` says yes to more."""

_BLANKS = re.compile(r"[\t\v\f\r ]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def split_blanks(text: str) -> list[str]:
    """Cut at tabs and spaces, whatever the quotes; empty for empty text."""
    return _BLANKS.split(text) if text else []


def first_word(text: str) -> tuple[str, str]:
    """The first word, and all that follows the white space after it."""
    parts = _BLANKS.split(text.strip(SPACES), maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def split_quoted(text: str, escape: str) -> list[str]:
    """Cut at white space outside of quotes; quotes and escapes stay, for expansion to take away."""
    return _Quoted(text, escape).words()


class _Quoted:
    """A cursor that cuts words."""

    def __init__(self, text: str, escape: str) -> None:
        self._text = text
        self._escape = escape
        self._at = 0

    def words(self) -> list[str]:
        found: list[str] = []
        while self._skip_spaces():
            word = self._word()
            if word:
                found.append(word)
        return found

    def _skip_spaces(self) -> bool:
        while self._at < len(self._text) and self._text[self._at] in SPACES:
            self._at += 1
        return self._at < len(self._text)

    def _word(self) -> str:
        start, quote = self._at, ""
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == self._escape and quote != "'":
                if self._at + 1 == len(self._text):
                    return self._leave_escape(start)
                self._at += 2
                continue
            if not quote and character in SPACES:
                break
            if character in "'\"" and quote in ("", character):
                quote = "" if quote else character
            self._at += 1
        return self._text[start : self._at]

    def _leave_escape(self, start: int) -> str:
        """An escape character with nothing behind it is dropped."""
        self._at = len(self._text)
        return self._text[start:-1]


def pairs(text: str, instruction: str, escape: str) -> tuple[tuple[KeyValue, ...], bool]:
    """The pairs of ENV or LABEL, and whether they came in the old form (``name all the rest``). Raises Invalid."""
    words = split_quoted(text, escape)
    if not words:
        raise Invalid(f"{instruction} requires at least one argument")
    if "=" not in words[0]:
        parts = _BLANKS.split(text, maxsplit=1)
        if len(parts) < 2:
            raise Invalid(f"{instruction} must have two arguments")
        return (_named(parts[0], parts[1], instruction),), True
    return tuple(_pair(word, instruction) for word in words), False


def _pair(word: str, instruction: str) -> KeyValue:
    key, equals, value = word.partition("=")
    if not equals:
        raise Invalid(f"Syntax error - can't find = in {quoted(word)}. Must be of the form: name=value")
    return _named(key, value, instruction)


def _named(key: str, value: str, instruction: str) -> KeyValue:
    if not key:
        raise Invalid(f"{instruction} names can not be blank")
    return KeyValue(key, value)


def json_array(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON array; None when the text is anything else but one, which is then not JSON at all.

    Raises Invalid for an array of other things than strings.
    """
    if not text.lstrip(SPACES).startswith("["):
        return None
    try:
        array = json.loads(text.strip(SPACES), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(array, list):
        return None
    if not all(isinstance(item, str) for item in array):
        raise Invalid("when using JSON array syntax, arrays must be comprised of strings only")
    # Go reads half a surrogate pair as U+FFFD; it could not be written to a file name or a configuration either.
    strings = tuple(_SURROGATES.sub("\ufffd", item) for item in array)
    if any("\0" in item for item in strings):
        raise Invalid("a string in a JSON array contains a null character")
    return strings


def _no_constant(name: str) -> object:
    """NaN and Infinity are Python's idea of JSON."""
    raise ValueError(name)


_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}


def quoted(text: str) -> str:
    """As Go's ``%q`` prints it."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character == " " or (character.isprintable() and not "\ud800" <= character <= "\udfff"):
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
