"""The kinds that are served now: the built-in ones, and custom ones that come and go."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec.structs import force_setattr

from wherry.kube.apiserver.stored import prefix_of
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.model import GroupResource, GroupVersion, GroupVersionKind, Object


class Served(msgspec.Struct, frozen=True):
    """One version of a kind: what a URL names. Objects are converted between it and the storage version."""

    kind: Kind
    version: Version
    # Asked for several times a request, and so made once: of kind and version, whatever is given.
    group_version: GroupVersion = GroupVersion("", "")
    gvk: GroupVersionKind = GroupVersionKind("", "", "")
    api_version: str = ""
    """The group and version as objects have them: ``apps/v1``."""
    is_storage: bool = False
    """Objects are stored in this version."""
    storage: GroupResource = GroupResource("", "")
    """The resource that the store has the objects under."""
    prefix: str = ""
    """What the keys of all of them start with."""

    def __post_init__(self) -> None:
        kind, version = self.kind, self.version
        force_setattr(self, "group_version", GroupVersion(kind.group, version.name))
        force_setattr(self, "gvk", kind.gvk(version.name))
        force_setattr(self, "api_version", str(self.group_version))
        force_setattr(self, "is_storage", version.name == kind.storage and kind.stored_as is None)
        force_setattr(self, "storage", kind.stored_as or kind.resource)
        force_setattr(self, "prefix", prefix_of(self.storage))

    def to_storage(self, obj: Object) -> Object:
        """An object of this version as it is stored. Takes what it is given."""
        if self.is_storage:
            return obj
        if self.version.conversion is not None:
            obj = self.version.conversion.to_storage(obj)
        group = self.kind.stored_as.group if self.kind.stored_as else self.kind.group
        obj["apiVersion"] = str(GroupVersion(group, self.kind.storage))
        return obj

    def from_storage(self, obj: Object) -> Object:
        """A stored object in this version. Takes what it is given."""
        if self.is_storage:
            return obj
        if self.version.conversion is not None:
            obj = self.version.conversion.from_storage(obj)
        obj["apiVersion"] = self.api_version
        return obj


class Kinds:
    """See the module. Who must know of changes adds itself to :attr:`listeners`."""

    def __init__(self, builtin: Iterable[Kind]) -> None:
        self.listeners: list[Callable[[], None]] = []
        self._kinds: dict[GroupResource, Kind] = {}
        self._served: dict[tuple[str, str, str], Served] = {}
        for kind in builtin:
            self._add(kind)

    def _add(self, kind: Kind) -> None:
        self._kinds[kind.resource] = kind
        for version in kind.versions:
            self._served[kind.group, version.name, kind.plural] = Served(kind, version)

    def add(self, kind: Kind) -> None:
        """Serve a kind from now on, in place of one of the same resource."""
        self._drop(kind.resource)
        self._add(kind)
        self._tell()

    def remove(self, resource: GroupResource) -> None:
        """Serve it no longer. Idempotent."""
        if self._drop(resource):
            self._tell()

    def _drop(self, resource: GroupResource) -> bool:
        old = self._kinds.pop(resource, None)
        if old is not None:
            for version in old.versions:
                del self._served[old.group, version.name, old.plural]
        return old is not None

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()

    def all(self) -> Sequence[Kind]:
        return list(self._kinds.values())

    def of(self, resource: GroupResource) -> Kind | None:
        """The kind of a resource's objects; None when it is not served."""
        return self._kinds.get(resource)

    def served(self, group: str, version: str, resource: str) -> Served | None:
        """What a URL names; None when there is no such thing."""
        return self._served.get((group, version, resource))

    def has_routes(self, group: str) -> bool:
        """Whether kinds of ours are in an API group. Of a path below it that leads nowhere upstream's router answers
        with a Status; below all others, with a page (apiextensions-apiserver pkg/apiserver: crdHandler)."""
        return any(kind.group == group and not kind.custom for kind in self._kinds.values())

    def by_kind(self, group: str, version: str, kind: str) -> Served | None:
        """What ``apiVersion`` and ``kind`` name."""
        for served in self._served.values():
            if served.kind.kind == kind and served.kind.group == group and served.version.name == version:
                return served
        return None
