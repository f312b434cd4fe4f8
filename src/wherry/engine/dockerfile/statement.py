"""One logical line cut into instruction, flags and the rest. Pure."""

from dataclasses import dataclass

from wherry.engine.dockerfile import heredoc
from wherry.engine.dockerfile.errors import located
from wherry.engine.dockerfile.flags import cut_flags
from wherry.engine.dockerfile.model import HereDocument, Location
from wherry.engine.dockerfile.words import SPACES, first_word, json_array

_WITH_DOCUMENTS = frozenset({"run", "copy", "add"})


@dataclass(frozen=True, slots=True)
class Statement:
    """``name`` is as typed, ``keyword`` in lower case; ``rest`` follows name and ``flags``; ``text`` is all of it.

    ``array``: the strings, if ``rest`` is a JSON array and the instruction takes one.
    """

    name: str
    flags: tuple[str, ...]
    rest: str
    text: str
    array: tuple[str, ...] | None = None

    @property
    def keyword(self) -> str:
        """Instructions have no case."""
        return self.name.lower()

    def announces(self) -> list[HereDocument]:
        """The here-documents that follow, still empty."""
        holder = self.trigger() if self.keyword == "onbuild" else self
        if holder is None or holder.keyword not in _WITH_DOCUMENTS or holder.array is not None:
            return []
        return heredoc.announced(self.text)

    def trigger(self) -> "Statement | None":
        """What ONBUILD is told to do later; None when it is told nothing."""
        return _cut(self.rest) if self.rest else None


def statement(text: str, location: Location) -> Statement:
    """``text`` taken apart. Raises InvalidDockerfile for a JSON array of other things than strings."""
    with located(location):
        return _cut(text)


_ARRAYS = frozenset({"run", "cmd", "entrypoint", "shell", "copy", "add", "volume"})


def _cut(text: str) -> Statement:
    text = text.strip(SPACES)
    name, rest = first_word(text)
    flags, rest = cut_flags(rest)
    rest = rest.strip(SPACES)
    array = json_array(rest) if name.lower() in _ARRAYS else None
    return Statement(name, flags, rest, text, array)
