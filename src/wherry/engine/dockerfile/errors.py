"""What is wrong with a Dockerfile, and where: the error, and the excerpt shown with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from wherry.engine.dockerfile.model import Location
from wherry.kit.errors import Invalid

_CONTEXT_LINES = 2
_FENCE = "-" * 20


class InvalidDockerfile(Invalid):
    """``location`` is None when no line is to blame."""

    def __init__(self, message: str, location: Location | None = None) -> None:
        super().__init__(message)
        self.location = location


@contextmanager
def located(location: Location, prefix: str = "") -> Iterator[None]:
    """Give an Invalid raised inside its place; one that has a place keeps it."""
    try:
        yield
    except InvalidDockerfile:
        raise
    except Invalid as error:
        raise InvalidDockerfile(prefix + error.message, location) from error


def excerpt(source: str, location: Location, name: str = "Dockerfile") -> str:
    """The lines of ``location`` marked with ``>>>``, and two on either side, as ``docker build`` shows them.

    ``source`` is :attr:`Dockerfile.source`. Ends without a newline. A location outside the text gives the heading only.
    """
    lines = source.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    first = max(1, location.first_line - _CONTEXT_LINES)
    last = min(len(lines), location.last_line + _CONTEXT_LINES)
    shown = [_numbered(lines[number - 1], number, location) for number in range(first, last + 1)]
    return "\n".join([f"{name}:{location.first_line}", _FENCE, *shown, _FENCE])


def _numbered(line: str, number: int, location: Location) -> str:
    mark = ">>>" if location.first_line <= number <= location.last_line else "   "
    return f"{number:>4} | {mark} {line}".rstrip()
