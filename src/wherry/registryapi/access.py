"""Who may do what: the rights a request needs, and the guard that grants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Access:
    """Rights on one thing: a repository's ``pull``, ``push``, ``delete``; the catalogue's ``*``.

    ``str()`` is the scope that token servers are asked for (distribution docs/spec/auth/scope.md).
    """

    kind: str
    name: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(self.actions)}"


CATALOG = Access("registry", "catalog", ("*",))


class Guard(Protocol):
    """Decides on each request."""

    @property
    def is_open(self) -> bool:
        """True when anybody may do anything."""
        ...

    async def admit(self, authorization: str | None, wanted: Sequence[Access]) -> None:
        """Return when the header ``Authorization`` grants all of ``wanted``; raises Challenged, and Refused
        (TOOMANYREQUESTS)."""
        ...


class Open:
    """No guard at all."""

    is_open = True

    async def admit(self, authorization: str | None, wanted: Sequence[Access]) -> None:
        """Anybody may."""
