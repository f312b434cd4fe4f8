"""The objects of one resource in memory, the latest changes to them, and who watches.

Filled by the store's events alone (:mod:`wherry.kube.apiserver.caches`): whatever is here is on the disk.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from sys import intern
from typing import Protocol

import msgspec

from wherry.kube.apiserver.entries import Entry, Recent
from wherry.kube.apiserver.stored import served
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupResource, Object
from wherry.store.model import Event, Item

_FEW = 16
KEPT_CHANGES = 1000
KEPT_BYTES = 4 << 20
"""Watches that begin further back get their past from the store."""
RENDERED_CHANGES = 64
"""Of so many the lines are kept that watches were told: who follows gets them; who comes late has them made again."""


class Change(msgspec.Struct, eq=False, gc=False):
    """One change to one object: ``new`` None when it was deleted, ``old`` None when it is new.

    ``rendered`` keeps what was made of it for one watch for all others that want the same.
    """

    new: Entry | None
    old: Entry | None
    revision: int
    size_bytes: int = 0
    """What it holds that may be of no use to anybody else: every version is the new one of one change only."""
    rendered: dict[object, bytes] = msgspec.field(default_factory=dict)
    _gone: Entry | None = None

    @property
    def gone(self) -> Entry:
        """The old object under the resource version of this change: what is shown to whom it is no longer there."""
        if self._gone is None:
            assert self.old is not None
            self._gone = self.old.revised(self.revision)
        return self._gone


class Watcher(Protocol):
    """Is told of every change, in order."""

    def offer(self, changes: Sequence[Change]) -> None:
        """All that came together. Must not block, nor raise."""

    def end(self, error: Exception) -> None:
        """There will be no more changes."""


class Cache:
    """See the module. ``kind`` None: nobody serves the resource (yet); it is kept all the same."""

    def __init__(self, resource: GroupResource, kind: Kind | None, recent: Recent) -> None:
        self.resource = resource
        self.revision = 0
        """Of the last change to any object of this resource."""
        self._kind = kind
        self._recent = recent
        self._entries: dict[str, Entry] = {}
        self._sorted: list[str] = []
        self._added: list[str] = []
        """Keys that are not among the sorted ones yet: with ten thousands of those it takes time to make room."""
        self._changes: deque[Change] = deque()
        self._changes_bytes = 0
        self._floor = 0
        self._watchers: dict[Watcher, None] = {}

    def serve(self, kind: Kind) -> None:
        """From now on the objects are of this kind: what selectors look at is found anew."""
        self._kind = kind
        for key, entry in self._entries.items():
            self._entries[key] = Entry(entry.raw, entry.revision, entry.namespace, entry.name, kind, self._recent)

    def load(self, key: str, item: Item) -> None:
        """Take in what was there before the watch; keys come in order. ``key`` is ``namespace/name``."""
        self._entries[key] = Entry.of(item, self._kind, self._recent)
        self._added.append(key)
        self.revision = max(self.revision, item.revision)

    def begin(self, revision: int) -> None:
        """What is loaded is the state as of ``revision``; changes before it are not known here. Something may have been
        deleted by then, so whoever made an index of what was here must make it anew."""
        self._floor = self.revision = revision

    def apply(self, events: Iterable[tuple[str, Event]]) -> None:
        """Take in events, each with its key, in order; then tell the watchers."""
        entries, kind, recent = self._entries, self._kind, self._recent
        changes = []
        for key, event in events:
            revision, old = event.revision, entries.get(key)
            if event.value is not None:
                namespace, _, name = key.partition("/")
                new = Entry(served(event.value, revision), revision, intern(namespace), name, kind, recent)
                entries[key] = new
                if old is None:
                    self._added.append(key)
                changes.append(Change(new, old, revision, len(new.raw)))
            elif old is not None:
                self._drop(key)
                changes.append(Change(None, old, revision, 2 * len(old.raw)))  # and what is told of it
        if changes:
            self.revision = changes[-1].revision
            self._keep(changes)
            for watcher in tuple(self._watchers):
                watcher.offer(changes)
            for change in changes:
                if change.old is not None:  # nobody will ask for it again
                    change.old.forget()

    def _drop(self, key: str) -> None:
        del self._entries[key]
        keys = self._keys
        del keys[bisect_left(keys, key)]

    def _keep(self, latest: Sequence[Change]) -> None:
        """Among the latest: as many as there is room for."""
        changes = self._changes
        changes.extend(latest)
        size_bytes = self._changes_bytes + sum([change.size_bytes for change in latest])
        while len(changes) > KEPT_CHANGES or (size_bytes > KEPT_BYTES and len(changes) > 1):
            oldest = changes.popleft()
            size_bytes -= oldest.size_bytes
            self._floor = oldest.revision
        self._changes_bytes = size_bytes
        late = len(changes) - RENDERED_CHANGES
        for place in range(max(0, late - len(latest)), late):
            changes[place].rendered.clear()

    @property
    def _keys(self) -> list[str]:
        """In order."""
        if len(self._added) > _FEW:
            self._sorted += sorted(self._added)
            self._sorted.sort()  # of two runs that are: one merge
        else:
            for key in self._added:
                insort(self._sorted, key)
        self._added.clear()
        return self._sorted

    @property
    def is_idle(self) -> bool:
        """Nothing is in it, and nobody watches."""
        return not self._entries and not self._watchers

    def entry(self, name: str, namespace: str = "") -> Entry | None:
        return self._entries.get(f"{namespace}/{name}")

    def entries(self, namespace: str | None = None, after: str = "") -> Iterator[Entry]:
        """In the order of keys; of one namespace, or (None) all; those behind the key ``after``."""
        found = self._entries
        if not found:
            return
        for key in self._keys[slice(*self._span(namespace, after))]:
            yield found[key]

    def count(self, namespace: str | None = None, after: str = "") -> int:
        start, end = self._span(namespace, after)
        return max(0, end - start)

    def raws(self, namespace: str | None = None) -> list[bytes]:
        """The bytes of all, in order: the quick way to answer a plain list."""
        found = self._entries
        return [found[key].raw for key in self._keys[slice(*self._span(namespace, ""))]]

    def _span(self, namespace: str | None, after: str) -> tuple[int, int]:
        keys = self._keys
        start, end = 0, len(keys)
        if namespace is not None:
            start = bisect_left(keys, f"{namespace}/")
            end = bisect_left(keys, f"{namespace}0")  # "0" follows "/" in ASCII
        if after:
            start = max(start, bisect_left(keys, after + "\0"))
        return start, end

    def since(self, revision: int) -> list[Change] | None:
        """The changes behind ``revision``; None when some of them are no longer kept here."""
        if revision < self._floor:
            return None
        return [change for change in self._changes if change.revision > revision]

    def changes_of(self, events: list[tuple[str, Event]]) -> list[Change]:
        """Past events of the store as changes."""
        found = []
        for key, event in events:
            old = Entry.of(event.previous, self._kind, self._recent) if event.previous else None
            item = Item(key, event.value, event.created, event.revision) if event.value is not None else None
            found.append(Change(Entry.of(item, self._kind, self._recent) if item else None, old, event.revision))
        return found

    def add_watcher(self, watcher: Watcher) -> None:
        self._watchers[watcher] = None

    def remove_watcher(self, watcher: Watcher) -> None:
        self._watchers.pop(watcher, None)

    def end_watches(self, error: Exception) -> None:
        """Each watcher is told why there will be no more."""
        for watcher in tuple(self._watchers):
            watcher.end(error)
        self._watchers.clear()

    def clear(self, error: Exception) -> None:
        """Forget everything; each watcher is told why there will be no more."""
        self.end_watches(error)
        self._entries.clear()
        self._sorted.clear()
        self._added.clear()
        self._changes.clear()
        self._changes_bytes = 0

    # What wherry.kube.apiserver.model.Lister promises.

    def get(self, name: str, namespace: str = "") -> Object | None:
        found = self._entries.get(f"{namespace}/{name}")
        return None if found is None else found.object

    def list(self, namespace: str | None = None) -> Iterator[Object]:
        return (entry.object for entry in self.entries(namespace)) if self._entries else iter(())
