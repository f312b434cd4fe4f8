"""Whose an object is, and finding the objects of a workload without looking at all others."""

from collections.abc import Callable, Iterable

import msgspec

from wherry.kube.client.cache import Cache
from wherry.kube.controllers.frame import Key
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.selectors import LabelSelector, of_object
from wherry.kube.machinery.status import StatusError

CONTROLLED = "controlled"
"""The index of :func:`controlled_index`."""

SelectorOf = Callable[[Object], LabelSelector]


class Workload(msgspec.Struct, frozen=True):
    """A kind of workload, and the ``component`` that its controller's events come from."""

    resource: GroupVersionResource
    kind: str
    component: str

    @property
    def api_version(self) -> str:
        return str(self.resource.group_version)

    def typed(self, obj: Object) -> Object:
        """With ``apiVersion`` and ``kind``, which items of a list lack."""
        return {**obj, "apiVersion": self.api_version, "kind": self.kind}

    def reference(self, owner: Object) -> Object:
        """The owner reference by which it controls an object (metav1.NewControllerRef)."""
        meta = owner["metadata"]
        return {
            "apiVersion": self.api_version, "kind": self.kind, "name": meta["name"], "uid": meta["uid"],
            "controller": True, "blockOwnerDeletion": True,
        }  # fmt: skip


def key_of(obj: Object) -> Key:
    meta = obj["metadata"]
    return Key(meta.get("namespace", ""), meta["name"])


def controller_of(obj: Object) -> Object | None:
    """The owner reference of who controls it."""
    for each in obj["metadata"].get("ownerReferences") or ():
        if each.get("controller"):
            return each  # type: ignore[no-any-return]  # JSON
    return None


def is_controlled_by(obj: Object, owner: Object) -> bool:
    found = controller_of(obj)
    return found is not None and found.get("uid") == owner["metadata"]["uid"]


def controlled_index(obj: Object) -> Iterable[str]:
    """For :meth:`Cache.add_index`: the uid of who controls it. Of an orphan its namespace, alone and with each label,
    so that whoever may adopt it need not look at all others."""
    owner = controller_of(obj)
    if owner is not None:
        return (owner.get("uid", ""),)
    meta = obj["metadata"]
    namespace = meta.get("namespace", "")
    return (f"{namespace}/", *(f"{namespace}/{name}={value}" for name, value in (meta.get("labels") or {}).items()))


def controlled(cache: Cache, uid: str) -> list[Object]:
    """The objects that it controls. The cache has :func:`controlled_index`."""
    return list(cache.by_index(CONTROLLED, uid))


def orphans(cache: Cache, namespace: str, selector: LabelSelector) -> list[Object]:
    """Those that the selector finds. The cache has :func:`controlled_index`."""
    if selector.nothing:
        return []
    narrow = next((each for each in selector.requirements if selector.requires(each.key) is not None), None)
    label = f"{narrow.key}={narrow.values[0]}" if narrow else ""
    here = cache.by_index(CONTROLLED, f"{namespace}/{label}")
    return [each for each in here if selector.matches(each["metadata"].get("labels"))]


def spec_selector(owner: Object) -> LabelSelector:
    """Of ``spec.selector``. One that cannot be read finds nothing."""
    try:
        return of_object(owner["spec"].get("selector"))
    except StatusError:
        return LabelSelector(nothing=True)


class Owners:
    """For an :class:`Interest` in what workloads of a kind control: the key of who does. Of an orphan: the keys of all
    that would adopt it."""

    def __init__(self, kind: str, owners: Cache, selector_of: SelectorOf = spec_selector) -> None:
        self._kind = kind
        self._owners = owners
        self._selector_of = selector_of

    def __call__(self, obj: Object) -> Iterable[Key]:
        owner, meta = controller_of(obj), obj["metadata"]
        namespace = meta.get("namespace", "")
        if owner is not None:
            return (Key(namespace, owner["name"]),) if owner["kind"] == self._kind else ()
        labels = meta.get("labels")
        if not labels or "deletionTimestamp" in meta:
            return ()
        return [
            Key(namespace, each["metadata"]["name"])
            for each in self._owners.list(namespace)
            if self._selector_of(each).matches(labels)
        ]
