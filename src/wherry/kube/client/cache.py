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


class _Index:
    """Objects by key. Under most keys of some indexes is one object alone: a dictionary each would be most of it."""

    def __init__(self, keys_of: IndexKeys) -> None:
        self.keys_of = keys_of
        self._found: dict[str, Place | dict[Place, Object]] = {}

    def keys(self) -> list[str]:
        return list(self._found)

    def add(self, where: Place, obj: Object, known: Callable[[Place], Object]) -> None:
        """``known``: what there is at a place."""
        for key in self.keys_of(obj):
            there = self._found.setdefault(key, where)
            if isinstance(there, dict):
                there[where] = obj
            elif there != where:
                self._found[key] = {there: known(there), where: obj}

    def remove(self, where: Place, obj: Object) -> None:
        for key in self.keys_of(obj):
            there = self._found.get(key)
            if isinstance(there, dict):
                there.pop(where, None)
                if not there:
                    del self._found[key]
            elif there == where:
                del self._found[key]

    def under(self, key: str, known: Callable[[Place], Object]) -> list[Object]:
        there = self._found.get(key)
        if there is None:
            return []
        return list(there.values()) if isinstance(there, dict) else [known(there)]


class Cache:
    """Objects are shared: nobody changes them. It has the methods of a Lister (apiserver's word) and indexes."""

    def __init__(self, indexes: Mapping[str, IndexKeys] | None = None) -> None:
        self._namespaces: dict[str, dict[str, Object]] = {}
        self._count = 0
        self._indexes: dict[str, _Index] = {}
        self._revision = 0
        for name, keys in (indexes or {}).items():
            self.add_index(name, keys)

    def __len__(self) -> int:
        return self._count

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._revision

    def places(self) -> list[Place]:
        return [(namespace, name) for namespace, named in self._namespaces.items() for name in named]

    def get(self, name: str, namespace: str = "") -> Object | None:
        named = self._namespaces.get(namespace)
        return named.get(name) if named else None

    def _at(self, where: Place) -> Object:
        return self._namespaces[where[0]][where[1]]

    def list(self, namespace: str | None = None) -> Iterable[Object]:
        """Of one namespace, or (None) of all. A snapshot."""
        if namespace is None:
            return [obj for named in self._namespaces.values() for obj in named.values()]
        return list(self._namespaces.get(namespace, {}).values())

    def add_index(self, name: str, keys: IndexKeys) -> None:
        """From now on :meth:`by_index` answers for ``name``. Adding the same again does nothing."""
        if name in self._indexes:
            return
        index = self._indexes[name] = _Index(keys)
        for where in self.places():
            index.add(where, self._at(where), self._at)

    def by_index(self, name: str, key: str) -> Iterable[Object]:
        """The objects that the index has under ``key``. A snapshot. Raises KeyError for an index nobody added."""
        return self._indexes[name].under(key, self._at)

    def keys(self, name: str) -> Iterable[str]:
        """Under which the index has any object. A snapshot. Raises KeyError for an index nobody added."""
        return self._indexes[name].keys()

    def put(self, obj: Object) -> Object | None:
        """Returns what was in its place."""
        meta = obj["metadata"]
        namespace, name = meta.get("namespace", ""), meta["name"]
        named = self._namespaces.get(namespace)
        if named is None:
            named = self._namespaces[namespace] = {}
        old = named.get(name)
        if old is None:
            self._count += 1
        named[name] = obj
        self._revision += 1
        if self._indexes:
            self._index((namespace, name), old, obj)
        return old

    def remove(self, where: Place) -> Object | None:
        """Returns what was there."""
        named = self._namespaces.get(where[0], {})
        old = named.get(where[1])
        if old is None:
            return None
        self._unindex(where, old)
        del named[where[1]]
        if not named:
            del self._namespaces[where[0]]
        self._count -= 1
        self._revision += 1
        return old

    def _index(self, where: Place, old: Object | None, new: Object) -> None:
        for index in self._indexes.values():
            if old is not None:
                index.remove(where, old)
            index.add(where, new, self._at)

    def _unindex(self, where: Place, old: Object) -> None:
        for index in self._indexes.values():
            index.remove(where, old)

    def __iter__(self) -> Iterator[Object]:
        return iter(self.list())
