"""Who owns whom, as far as informers have told."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from wherry.kube.client.discovery import ResourceType
from wherry.kube.machinery.model import GroupVersion, Object

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
ABSENT_REMEMBERED = 2000


class OwnerRef(NamedTuple):
    """An ownerReference, with the namespace it points into (that of the dependent)."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    blocks: bool

    @property
    def group(self) -> str:
        """Of the owner's kind; the version does not make another object of it."""
        try:
            return GroupVersion.parse(self.api_version).group
        except ValueError:
            return self.api_version

    @property
    def identity(self) -> tuple[str, ...]:
        """Whom it means."""
        return (self.group, self.kind, self.namespace, self.name, self.uid)


class Node(msgspec.Struct, gc=False):
    """An object that is, or was a moment ago. There is one for each there is: the cycle collector, which cannot find
    anything in it, does not look at it."""

    type: ResourceType
    namespace: str
    name: str
    uid: str
    owners: tuple[OwnerRef, ...] = ()
    deleting: bool = False
    orphans: bool = False
    """It is being deleted and its dependents are to stay."""
    waits: bool = False
    """It is being deleted and waits for its dependents to go before."""

    def is_meant_by(self, reference: OwnerRef) -> bool:
        """Whether the reference has not only its uid but its place, too."""
        place = self.namespace if self.type.namespaced else ""
        expected = reference.namespace if self.type.namespaced else ""
        return (reference.group, reference.kind, expected, reference.name, reference.uid) == (
            self.type.resource.group, self.type.kind, place, self.name, self.uid,
        )  # fmt: skip


def references(obj: Object) -> tuple[OwnerRef, ...]:
    """The owners that an object names."""
    meta = obj["metadata"]
    namespace = meta.get("namespace", "")
    return tuple(
        OwnerRef(
            each.get("apiVersion", ""),
            each.get("kind", ""),
            namespace,
            each.get("name", ""),
            each.get("uid", ""),
            bool(each.get("blockOwnerDeletion")),
        )
        for each in meta.get("ownerReferences") or ()
    )


def node_of(type: ResourceType, obj: Object) -> Node:
    meta = obj["metadata"]
    finalizers = meta.get("finalizers") or ()
    deleting = "deletionTimestamp" in meta
    return Node(
        type, meta.get("namespace", ""), meta["name"], meta["uid"], references(obj), deleting,
        orphans=deleting and ORPHAN in finalizers, waits=deleting and FOREGROUND in finalizers,
    )  # fmt: skip


class Graph:
    """Changes come in by :meth:`observe` and :meth:`forget`; both return the uids to look at because of it."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[str, set[str]] = {}
        self._absent: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._nodes)

    def node(self, uid: str) -> Node | None:
        return self._nodes.get(uid)

    def dependents(self, uid: str) -> list[Node]:
        """Those that name it as an owner, wherever it is."""
        return [self._nodes[each] for each in sorted(self._dependents.get(uid, ())) if each in self._nodes]

    def observe(self, type: ResourceType, obj: Object) -> set[str]:
        """It is there, new or changed. Most own nothing and nobody owns them: of those there is nothing to say."""
        meta = obj["metadata"]
        uid = meta["uid"]
        known = self._nodes.get(uid)
        if meta.get("ownerReferences") or "deletionTimestamp" in meta or (known and (known.owners or known.deleting)):
            return self._observe(node_of(type, obj), known)
        self._nodes[uid] = Node(type, meta.get("namespace", ""), meta["name"], uid)
        return set()

    def _observe(self, node: Node, old: Node | None) -> set[str]:
        self._nodes[node.uid] = node
        suspects = self._link(node, old)
        if not node.deleting and self.is_suspect(node):
            suspects.add(node.uid)
        if node.waits and not (old and old.waits):
            suspects.add(node.uid)
            suspects.update(self._dependents.get(node.uid, ()))
        if node.orphans and not (old and old.orphans):
            suspects.add(node.uid)
        return suspects

    def forget(self, uid: str) -> set[str]:
        """It is gone for good: no other object will have its uid."""
        node = self._nodes.pop(uid, None)
        if node is None:
            return set()
        suspects = set(self._dependents.get(uid, ()))
        suspects |= self._unlink(node)
        place = node.namespace if node.type.namespaced else ""
        self._remember((node.type.resource.group, node.type.kind, place, node.name, uid))
        return suspects

    def drop(self, type: ResourceType) -> None:
        """Its objects are watched no longer: nothing is known of them, not even that they are gone."""
        for uid in [uid for uid, node in self._nodes.items() if node.type.resource == type.resource]:
            self._unlink(self._nodes.pop(uid))

    def is_suspect(self, node: Node) -> bool:
        """Whether it may have to go or to lose a reference: an owner is not where it should be, or waits for it."""
        return any(self._is_doubtful(reference) for reference in node.owners)

    def _is_doubtful(self, reference: OwnerRef) -> bool:
        owner = self._nodes.get(reference.uid)
        return owner is None or owner.waits or not owner.is_meant_by(reference)

    def is_known_absent(self, reference: OwnerRef, namespaced: bool) -> bool:
        """There was no such object when the API was asked, or it was seen to go."""
        return _absent_key(reference, namespaced) in self._absent

    def note_absent(self, reference: OwnerRef, namespaced: bool) -> None:
        self._remember(_absent_key(reference, namespaced))

    def _remember(self, key: tuple[str, ...]) -> None:
        self._absent[key] = None
        while len(self._absent) > ABSENT_REMEMBERED:
            self._absent.popitem(last=False)

    def _link(self, node: Node, old: Node | None) -> set[str]:
        """Owners that waited for a reference which is no longer there, or no longer blocks."""
        before = {each.uid: each for each in (old.owners if old else ())}
        now = {each.uid: each for each in node.owners}
        for uid in before.keys() - now.keys():
            self._remove_dependent(uid, node.uid)
        for uid in now:
            self._dependents.setdefault(uid, set()).add(node.uid)
        freed = (uid for uid, each in before.items() if each.blocks and not (uid in now and now[uid].blocks))
        return self._waiting(freed)

    def _unlink(self, node: Node) -> set[str]:
        for reference in node.owners:
            self._remove_dependent(reference.uid, node.uid)
        return self._waiting(each.uid for each in node.owners)

    def _remove_dependent(self, owner: str, dependent: str) -> None:
        found = self._dependents.get(owner)
        if found is not None:
            found.discard(dependent)
            if not found:
                del self._dependents[owner]

    def _waiting(self, uids: Iterable[str]) -> set[str]:
        return {uid for uid in uids if uid in self._nodes and self._nodes[uid].waits}


def _absent_key(reference: OwnerRef, namespaced: bool) -> tuple[str, ...]:
    group, kind, namespace, name, uid = reference.identity
    return (group, kind, namespace if namespaced else "", name, uid)
