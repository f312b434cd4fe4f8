"""A Dockerfile's text as logical lines: continuations joined, comments gone, here-documents attached. Pure.

The rules are those of BuildKit's parser (frontend/dockerfile/parser/parser.go): a continuation keeps its leading white
space; comments and blank lines inside one are dropped; an escape character before the escape character continues
nothing; what follows a line that announces here-documents is read as it stands.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.model import HereDocument, Location
from wherry.engine.dockerfile.statement import Statement, statement
from wherry.engine.dockerfile.words import SPACES

LINE_BYTES_LIMIT = 65_535
"""Of one physical line: bufio.MaxScanTokenSize, which is BuildKit's too."""

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction's line. ``comments``: those that stand directly above it, without ``#``.

    ``skips_blank``: the number of the last blank line among the continuations; 0 when there is none.
    """

    statement: Statement
    location: Location
    documents: tuple[HereDocument, ...] = ()
    comments: tuple[str, ...] = ()
    skips_blank: int = 0


def logical_lines(source: str, escape: str, after: int = 0) -> Iterator[Line]:
    """All lines that are instructions, in order, from behind line ``after``. Raises InvalidDockerfile."""
    return _Scanner(source, escape, after).lines()


class _Scanner:
    """A cursor over physical lines; ``_number`` counts those read."""

    def __init__(self, source: str, escape: str, after: int) -> None:
        self._physical = source.split("\n")
        if not self._physical[-1]:
            self._physical.pop()
        self._number = after
        mark = re.escape(escape)
        self._continued = re.compile(rf"(.*[^{mark}])?{mark}[ \t]*", re.DOTALL)

    def _next(self) -> str | None:
        if self._number == len(self._physical):
            return None
        line = self._physical[self._number]
        self._number += 1
        if len(line) > LINE_BYTES_LIMIT // 4 and len(line.encode()) > LINE_BYTES_LIMIT:
            message = f"dockerfile line greater than max allowed size of {LINE_BYTES_LIMIT}"
            raise InvalidDockerfile(message, Location(self._number, self._number, line[:_SHOWN]))
        return line

    def lines(self) -> Iterator[Line]:
        comments: list[str] = []
        while (raw := self._next()) is not None:
            text = raw.rstrip("\r").lstrip(SPACES)
            comment = text[1:].strip(SPACES) if text.startswith("#") else ""
            if comment:
                comments.append(comment)
            elif not text or text.startswith("#"):
                comments = []
            elif (line := self._line(text, tuple(comments))) is not None:
                yield line
                comments = []

    def _line(self, text: str, comments: tuple[str, ...]) -> Line | None:
        """The instruction that begins with ``text``; None where only escape characters stand."""
        first = self._number
        joined, skips_blank = self._joined(text)
        if not joined.strip(SPACES):
            return None
        if "\0" in joined:
            raise InvalidDockerfile("dockerfile line contains a null character", self._location(first))
        said = statement(joined, self._location(first))
        documents = tuple(self._document(document, first) for document in said.announces())
        return Line(said, self._location(first), documents, comments, skips_blank)

    def _joined(self, text: str) -> tuple[str, int]:
        """The line with its continuations, and the number of the last blank line among these."""
        parts: list[str] = []
        skips_blank = 0
        piece: str | None = text
        while piece is not None:
            match = self._continued.fullmatch(piece)
            if match is None:
                parts.append(piece)
                break
            parts.append(match[1] or "")
            piece, blank = self._continuation()
            skips_blank = blank or skips_blank
        return "".join(parts), skips_blank

    def _continuation(self) -> tuple[str | None, int]:
        """The next line that is neither blank nor a comment."""
        blank = 0
        while (raw := self._next()) is not None:
            text = raw.rstrip("\r")
            stripped = text.lstrip(SPACES)
            if stripped.startswith("#"):
                continue
            if stripped:
                return text, blank
            blank = self._number
        return None, blank

    def _document(self, document: HereDocument, first: int) -> HereDocument:
        """``document`` with the lines that follow, up to the one that is its name."""
        body: list[str] = []
        while (raw := self._next()) is not None:
            text = raw.rstrip("\r")
            if (text.lstrip("\t") if document.strips_tabs else text) == document.name:
                return replace(document, content="".join(body))
            body.append(raw + "\n")
        raise InvalidDockerfile("unterminated heredoc", self._location(first))

    def _location(self, first: int) -> Location:
        return Location(first, self._number, "\n".join(self._physical[first - 1 : self._number]))
