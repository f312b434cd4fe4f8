"""Caches without a server behind them: for the tests of whatever decides by :class:`Listers`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wherry.kube.machinery.model import GroupResource, GroupVersionKind, Object


@dataclass(frozen=True, slots=True)
class FakeEntry:
    """One version of an object."""

    object: Object

    @property
    def namespace(self) -> str:
        return str(self.object["metadata"].get("namespace", ""))

    @property
    def name(self) -> str:
        return str(self.object["metadata"]["name"])


@dataclass(frozen=True, slots=True)
class FakeChange:
    """``new`` None: it was removed; ``old`` None: it is new."""

    revision: int
    new: FakeEntry | None
    old: FakeEntry | None


class FakeLister:
    """Objects of one resource, put in by hand."""

    def __init__(self, listers: "FakeListers") -> None:
        self._listers = listers
        self._objects: dict[tuple[str, str], Object] = {}
        self._changes: list[FakeChange] = []
        self._floor = 0
        self.revision = 0

    def get(self, name: str, namespace: str = "") -> Object | None:
        return self._objects.get((namespace, name))

    def list(self, namespace: str | None = None) -> Iterable[Object]:
        """In the order of namespaces and names."""
        return [each for key, each in sorted(self._objects.items()) if namespace is None or key[0] == namespace]

    def put(self, obj: Object) -> None:
        """Add it, or put it in the place of the one with its name."""
        meta = obj["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        self._change(obj, self._objects.get(key))
        self._objects[key] = obj

    def remove(self, name: str, namespace: str = "") -> None:
        """Raises KeyError when it is not there."""
        self._change(None, self._objects.pop((namespace, name)))

    def since(self, revision: int) -> Sequence[FakeChange] | None:
        """The changes behind ``revision``; None when some of them have been forgotten."""
        if revision < self._floor:
            return None
        return [change for change in self._changes if change.revision > revision]

    def forget_changes(self) -> None:
        """As a cache does with old ones."""
        self._floor = self.revision
        self._changes.clear()

    def _change(self, new: Object | None, old: Object | None) -> None:
        self.revision = self._listers.next_revision()
        wrapped = (FakeEntry(each) if each is not None else None for each in (new, old))
        self._changes.append(FakeChange(self.revision, *wrapped))


class FakeListers:
    """The caches of all kinds. What is put in is found under the resource that its kind is called by."""

    def __init__(self, *objects: Object) -> None:
        self._listers: dict[GroupResource, FakeLister] = {}
        self._revision = 0
        self.put(*objects)

    def of(self, resource: GroupResource) -> FakeLister:
        return self._listers.setdefault(resource, FakeLister(self))

    def put(self, *objects: Object) -> None:
        """Add each, or put it in the place of the one with its name. They need apiVersion, kind and metadata.name."""
        for obj in objects:
            self.of(resource_of(obj)).put(obj)

    def remove(self, obj: Object) -> None:
        """The object of that kind, name and namespace. Raises KeyError when it is not there."""
        self.of(resource_of(obj)).remove(obj["metadata"]["name"], obj["metadata"].get("namespace", ""))

    def next_revision(self) -> int:
        """One more than the last: all listers count together, as a store does."""
        self._revision += 1
        return self._revision


def resource_of(obj: Object) -> GroupResource:
    """The resource by upstream's rule of thumb for plurals (apimachinery UnsafeGuessKindToResource), which is right
    for every built-in kind."""
    gvk = GroupVersionKind.of(obj)
    name = gvk.kind.lower()
    if name == "endpoints":
        return GroupResource(gvk.group, name)
    if name.endswith("s"):
        return GroupResource(gvk.group, name + "es")
    return GroupResource(gvk.group, name[:-1] + "ies" if name.endswith("y") else name + "s")
