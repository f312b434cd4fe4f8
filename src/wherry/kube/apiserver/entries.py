"""Objects in memory: the bytes that clients get, and what lists and watches choose them by."""

from collections import deque
from collections.abc import Mapping
from sys import intern

import msgspec

from wherry.kube.apiserver import stored
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.bare import bare_of
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.parts import Parts
from wherry.store.model import Item

_decode = msgspec.json.Decoder().decode
_NONE: Mapping[str, str] = {}
DECODED = 512
"""How many objects are kept decoded. A decoded pod takes some 30 KB, its bytes 6."""


class Recent:
    """Keeps the decoded form of the objects that were asked for last; ``parts``: what objects have in common."""

    def __init__(self, count: int = DECODED) -> None:
        self.parts = Parts()
        self._count = count
        self._entries: deque[Entry] = deque()

    def add(self, entry: "Entry") -> None:
        self._entries.append(entry)
        if len(self._entries) > self._count:
            self._entries.popleft().forget()


class Entry(msgspec.Struct, eq=False):
    """One version of one object. Not changed once made; ``namespace`` is empty for what has none."""

    raw: bytes
    revision: int
    namespace: str
    name: str
    _kind: Kind | None
    _recent: Recent
    _labels: Mapping[str, str] | None = None
    _object: Object | None = None
    _lean: Object | None = None
    _fields: Mapping[str, str] | None = None

    @classmethod
    def of(cls, item: Item, kind: Kind | None, recent: Recent) -> "Entry":
        above, _, name = item.key.rpartition("/")
        namespace = intern(above.rpartition("/")[2])
        return cls(stored.served(item.value, item.revision), item.revision, namespace, name, kind, recent)

    @property
    def labels(self) -> Mapping[str, str]:
        """Looked for when somebody selects by them: that takes a look at all of the object."""
        if self._labels is None:
            self._labels = stored.meta_of(self.raw).labels or _NONE
        return self._labels

    @property
    def uid(self) -> str:
        return stored.meta_of(self.raw).uid

    @property
    def object(self) -> Object:
        """Decoded, in the storage version. Shared: do not change; see :meth:`copy`."""
        found = self._object
        if found is None:
            found = self._object = _decode(self.raw)
            self._note(self._lean)
        return found

    @property
    def lean(self) -> Object:
        """The same for those who keep many: without managed fields and what is unread of its kind, and what is equal in
        several objects is there once."""
        found = self._lean
        if found is None:
            kind = self._kind
            found = self._lean = self._recent.parts.decode(self.raw, None if kind is None else kind.unread)
            self._note(self._object)
        return found

    @property
    def bare(self) -> Object:
        """See :mod:`wherry.kube.machinery.bare`. Not kept: whoever asks for it keeps it."""
        found = bare_of(self.raw)
        meta = found["metadata"]
        meta["name"] = self.name
        if self.namespace:
            meta["namespace"] = self.namespace
        return found

    @property
    def at_hand(self) -> Object:
        """The bare view for who keeps nothing of it: with the rest, where somebody has had it decoded. Shared."""
        return self.bare if self._lean is None else self._lean

    def _note(self, other: Object | None) -> None:
        """Something is decoded. If the other form was before, it is known; twice among the recent it would forget
        itself."""
        if other is None:
            self._recent.add(self)

    def copy(self) -> Object:
        """Decoded, for the caller to change."""
        found: Object = _decode(self.raw)
        return found

    def forget(self) -> None:
        self._object = self._lean = None

    @property
    def fields(self) -> Mapping[str, str]:
        """What field selectors look at."""
        if self._fields is None:
            plain = {"metadata.name": self.name, "metadata.namespace": self.namespace}
            has_more = self._kind is not None and self._kind.selectable
            self._fields = self._kind.fields(self.lean) if self._kind and has_more else plain
        return self._fields

    def revised(self, revision: int) -> "Entry":
        """The same object under another resource version: how a deleted one is shown."""
        raw = stored.revised(self.raw, revision)
        return Entry(raw, revision, self.namespace, self.name, self._kind, self._recent)
