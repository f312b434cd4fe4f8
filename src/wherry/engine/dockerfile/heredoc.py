"""Here-documents: which words announce one. Pure.

Recognised as BuildKit does (frontend/dockerfile/parser/parser.go, heredocFromMatch): ``<<`` begins a word, optionally
after a descriptor's number; the word is read as a shell reads it, with a backslash for escapes whatever ``# escape=``.
"""

import posixpath
import re

from wherry.engine.dockerfile.expand import Manner, split_words
from wherry.engine.dockerfile.model import HereDocument
from wherry.engine.dockerfile.words import quoted
from wherry.kit.errors import Invalid

_ANNOUNCED = re.compile(r"\d*<<(-?)[\t\n\f\r ]*([^<]*)", re.ASCII)
_AS_WRITTEN = Manner(keeps_quotes=True, keeps_escapes=True, keeps_unset=True)
_PLAIN = Manner(keeps_unset=True)
_QUOTES_KEPT = Manner(keeps_unset=True, keeps_quotes=True)


def announced(line: str) -> list[HereDocument]:
    """The documents, still empty, that follow a line. A line whose quotes do not match announces none."""
    if "<<" not in line:
        return []
    try:
        words = split_words(line, _nothing, _AS_WRITTEN)
    except Invalid:
        return []
    return [document for word in words if (document := announcement(word)) is not None]


def announcement(word: str) -> HereDocument | None:
    """``<<EOF``, ``<<-"EOF"``, ``3<<EOF``: an empty document of that name; None for any other word."""
    match = _ANNOUNCED.fullmatch(word)
    if match is None or not match[2]:
        return None
    try:
        names = split_words(match[2], _nothing, _PLAIN)
        written = split_words(match[2], _nothing, _QUOTES_KEPT)
    except Invalid:
        return None
    if len(names) != 1 or len(written) != 1:
        return None
    return HereDocument(names[0], "", expands=_quotes(names[0]) == _quotes(written[0]), strips_tabs=match[1] == "-")


def file_name(document: HereDocument) -> str:
    """What the file is called that the document becomes: the last part of its name. Raises Invalid if it is none."""
    name = posixpath.basename(document.name)
    if name in ("", ".", ".."):
        raise Invalid(f"a heredoc named {quoted(document.name)} cannot become a file")
    return name


def _quotes(text: str) -> int:
    """A name has as many quotes as were written if none of them quoted anything."""
    return text.count("'") + text.count('"')


def _nothing(name: str) -> None:
    """No variable is set."""
