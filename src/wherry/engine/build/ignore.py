"""``.dockerignore``: which files of a context do not exist for a build; and COPY's ``--exclude``. Pure.

The rules are moby/patternmatcher's (v0.6, with its ``ignorefile``), which every Docker client has: a pattern matches
from the root, what is below a match matches too, and the last pattern that matches decides, ``!`` for keeping.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wherry.engine.build import globs
from wherry.engine.build.globs import Kind, Token
from wherry.engine.dockerfile.words import SPACES
from wherry.kit.errors import Invalid

_NOTHING = -1


def parse_ignore(text: str) -> list[str]:
    """The patterns of an ignore file. Comments have their ``#`` in the first column; nothing else is a comment."""
    lines = text.removeprefix("\ufeff").split("\n")
    return [pattern for line in lines if not line.startswith("#") and (pattern := _cleaned(line.strip(SPACES)))]


def _cleaned(line: str) -> str:
    negation = "!" if line.startswith("!") else ""
    path = line.removeprefix("!").strip(SPACES)
    if not path:
        return negation
    path = _clean(path)
    return negation + (path[1:] if len(path) > 1 and path.startswith("/") else path)


def _clean(path: str) -> str:
    """Go's filepath.Clean."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


@dataclass(frozen=True, slots=True)
class _Exception:
    """``!pattern`` as the segments that a path must match to come near it; ``index`` among all patterns."""

    index: int
    segments: Sequence[Sequence[Token]]
    expressions: Sequence["re.Pattern[str]"]


class Matcher:
    """Says of paths whether they are ignored. Paths are relative, clean, and have slashes.

    Built for a walk from the top: it remembers what it said of directories, and :meth:`enters` tells where the walk
    need not go. Raises Invalid for a bad pattern, naming it.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._ignoring: list[bool] = []
        self._plain: dict[str, int] = {}
        self._exceptions: list[_Exception] = []
        self._directories: dict[str, int] = {"": _NOTHING}
        expressions: list[str] = []
        self._order: list[int] = []
        for pattern in patterns:
            if written := pattern.strip(SPACES):
                self._add(written, expressions)
        # The last pattern first: the first alternative that fits is the one that decides.
        self._order.reverse()
        self._wild = (
            re.compile("|".join(f"({one})" for one in reversed(expressions)), re.DOTALL) if expressions else None
        )

    def _add(self, written: str, expressions: list[str]) -> None:
        is_exception = written.startswith("!")
        path = _clean(written.removeprefix("!")) if written != "!" else ""
        if not path:
            raise Invalid('illegal exclusion pattern: "!"')
        index = len(self._ignoring)
        self._ignoring.append(not is_exception)
        try:
            tokens = globs.tokens(path)
            if not any(token.is_wild for token in tokens):
                self._plain[path] = index
            else:
                expressions.append(globs.tree_expression(tokens))
                self._order.append(index)
        except Invalid as error:
            raise Invalid(f"{error.message}: {written!r}") from error
        if is_exception:
            self._exceptions.append(_exception(index, tokens))

    @property
    def has_exceptions(self) -> bool:
        """Whether any pattern begins with ``!``."""
        return bool(self._exceptions)

    def ignores(self, path: str) -> bool:
        """Whether the file or directory itself is left out. The root never is."""
        decisive = max(self._own(path), self._directory(path.rpartition("/")[0]))
        return decisive != _NOTHING and self._ignoring[decisive]

    def enters(self, directory: str) -> bool:
        """Whether anything below a directory can be there: it is not ignored, or an exception may match below it."""
        decisive = self._directory(directory)
        if decisive == _NOTHING or not self._ignoring[decisive]:
            return True
        parts = directory.split("/")
        return any(_reaches(one, parts) for one in self._exceptions if one.index > decisive)

    def _own(self, path: str) -> int:
        """The last pattern that matches the path itself."""
        plain = self._plain.get(path, _NOTHING)
        match = self._wild.fullmatch(path) if self._wild is not None else None
        if match is None or match.lastindex is None:
            return plain
        return max(plain, self._order[match.lastindex - 1])

    def _directory(self, path: str) -> int:
        """The last pattern that matches the directory or one that it is in."""
        unknown: list[str] = []
        while path not in self._directories:
            unknown.append(path)
            path = path.rpartition("/")[0]
        decisive = self._directories[path]
        for directory in reversed(unknown):
            decisive = self._directories[directory] = max(decisive, self._own(directory))
        return decisive


def _exception(index: int, tokens: Sequence[Token]) -> _Exception:
    """Segments up to the first with a ``**``, beyond which anything may follow."""
    found: list[Sequence[Token]] = []
    for segment in globs.segments(tokens):
        found.append(segment)
        if any(token.kind is Kind.DIRECTORIES for token in segment):
            break
    plain = [segment for segment in found if not any(token.kind is Kind.DIRECTORIES for token in segment)]
    return _Exception(index, found, [re.compile(globs.segment(segment), re.DOTALL) for segment in plain])


def _reaches(exception: _Exception, directory: Sequence[str]) -> bool:
    """Whether an exception may match something below a directory that it does not match itself."""
    for expression, part in zip(exception.expressions, directory, strict=False):
        if expression.fullmatch(part) is None:
            return False
    if len(exception.expressions) < len(exception.segments):
        return True
    return len(exception.segments) > len(directory)
