"""What changed in a cache since it was last looked at: an index need not be made anew for every change."""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from wherry.kube.apiserver.model import Lister
from wherry.kube.machinery.model import Object


class Kept(Protocol):
    """One version of an object."""

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def object(self) -> Object: ...


class Change(Protocol):
    """``new`` None: it was deleted; ``old`` None: it is new."""

    @property
    def new(self) -> Kept | None: ...

    @property
    def old(self) -> Kept | None: ...


@runtime_checkable
class Remembering(Protocol):
    """A lister that knows its latest changes."""

    def since(self, revision: int) -> Sequence[Change] | None:
        """The changes behind ``revision``, in order; None when some are not known any more."""


Key = tuple[str, str]
"""Namespace and name."""


def key_of(obj: Object) -> Key:
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


class Tracked:
    """Follows one lister. ``revision`` is the one up to which its user has been told everything."""

    __slots__ = ("lister", "revision")

    def __init__(self, lister: Lister) -> None:
        self.lister = lister
        self.revision = -1

    @property
    def moved(self) -> bool:
        return self.lister.revision != self.revision

    def changes(self) -> Iterator[tuple[Key, Object | None]] | None:
        """Each key that changed, with what is there now; None: everything may have, read the lister from the start.

        Whoever calls this takes all of it in: the next call begins after it.
        """
        before, self.revision = self.revision, self.lister.revision
        if before < 0 or not isinstance(self.lister, Remembering):
            return None
        found = self.lister.since(before)
        return None if found is None else (_told(each) for each in found)


def _told(change: Change) -> tuple[Key, Object | None]:
    if change.new is not None:
        obj = change.new.object
        return key_of(obj), obj
    assert change.old is not None
    return (change.old.namespace, change.old.name), None
