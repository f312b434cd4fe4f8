"""The objects that an informer knows, by name and by whatever index was asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from wherry.kube.machinery.model import Object

IndexKeys = Callable[[Object], Iterable[str]]
"""Under which keys an index has the object."""

Place = tuple[str, str]
"""Namespace (empty: none) and name."""


def place(obj: Object) -> Place:
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


class Cache:
    """Objects are shared: nobody changes them. It has the methods of a Lister (apiserver's word) and indexes."""

    def __init__(self, indexes: Mapping[str, IndexKeys] | None = None) -> None:
        self._objects: dict[Place, Object] = {}
        self._namespaces: dict[str, dict[str, Object]] = {}
        self._keys: dict[str, IndexKeys] = {}
        self._index: dict[str, dict[str, dict[Place, Object]]] = {}
        self._revision = 0
        for name, keys in (indexes or {}).items():
            self.add_index(name, keys)

    def __len__(self) -> int:
        return len(self._objects)

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._revision

    def places(self) -> list[Place]:
        return list(self._objects)

    def get(self, name: str, namespace: str = "") -> Object | None:
        return self._objects.get((namespace, name))

    def list(self, namespace: str | None = None) -> Iterable[Object]:
        """Of one namespace, or (None) of all. A snapshot."""
        if namespace is None:
            return list(self._objects.values())
        return list(self._namespaces.get(namespace, {}).values())

    def add_index(self, name: str, keys: IndexKeys) -> None:
        """From now on :meth:`by_index` answers for ``name``. Adding the same again does nothing."""
        if name in self._keys:
            return
        self._keys[name] = keys
        self._index[name] = {}
        for where, obj in self._objects.items():
            for key in keys(obj):
                self._index[name].setdefault(key, {})[where] = obj

    def by_index(self, name: str, key: str) -> Iterable[Object]:
        """The objects that the index has under ``key``. A snapshot. Raises KeyError for an index nobody added."""
        return list(self._index[name].get(key, {}).values())

    def keys(self, name: str) -> Iterable[str]:
        """Under which the index has any object. A snapshot. Raises KeyError for an index nobody added."""
        return list(self._index[name])

    def put(self, obj: Object) -> Object | None:
        """Returns what was in its place."""
        where = place(obj)
        old = self._objects.get(where)
        self._unindex(where, old)
        self._objects[where] = obj
        self._namespaces.setdefault(where[0], {})[where[1]] = obj
        for name, keys in self._keys.items():
            for key in keys(obj):
                self._index[name].setdefault(key, {})[where] = obj
        self._revision += 1
        return old

    def remove(self, where: Place) -> Object | None:
        """Returns what was there."""
        old = self._objects.pop(where, None)
        if old is None:
            return None
        self._unindex(where, old)
        below = self._namespaces[where[0]]
        del below[where[1]]
        if not below:
            del self._namespaces[where[0]]
        self._revision += 1
        return old

    def _unindex(self, where: Place, old: Object | None) -> None:
        if old is None:
            return
        for name, keys in self._keys.items():
            for key in keys(old):
                entries = self._index[name].get(key, {})
                entries.pop(where, None)
                if not entries:
                    self._index[name].pop(key, None)

    def __iter__(self) -> Iterator[Object]:
        return iter(list(self._objects.values()))
