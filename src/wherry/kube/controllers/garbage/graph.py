"""Who owns whom, as far as it has been told."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from wherry.kube.client.discovery import ResourceType
from wherry.kube.machinery.bare import has_ties
from wherry.kube.machinery.model import GroupVersion, Object

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
ABSENT_REMEMBERED = 2000

Identity = tuple[str, str, str, str, str]
"""Group and kind, namespace (empty: none) and name, and uid: this object there, and no other."""


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

    def identity(self, namespaced: bool) -> Identity:
        """Whom it means, if its kind has namespaces, or has none."""
        return self.group, self.kind, self.namespace if namespaced else "", self.name, self.uid


class Node(msgspec.Struct, gc=False):
    """An object that is, or was a moment ago. There may be very many: the cycle collector, which cannot find anything
    in it, does not look at it."""

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

    @property
    def has_ties(self) -> bool:
        """Whether what happens to it is told (:mod:`wherry.kube.machinery.bare`)."""
        return bool(self.owners) or self.deleting

    @property
    def identity(self) -> Identity:
        place = self.namespace if self.type.namespaced else ""
        return self.type.resource.group, self.type.kind, place, self.name, self.uid

    def is_meant_by(self, reference: OwnerRef) -> bool:
        """Whether the reference has not only its uid but its place, too."""
        return reference.identity(self.type.namespaced) == self.identity


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
    """Has a node for each object that has ties, and for those of their owners that somebody has seen. What happens
    comes in by :meth:`observe`, :meth:`forget` and :meth:`replace`, what was found out by :meth:`meet`; all return the
    uids to look at because of it."""

    def __init__(self) -> None:
        self.losses = 0
        """How often an owner may have gone: what was asked before is not sure any more."""
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[str, set[str]] = {}
        self._absent: OrderedDict[Identity, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._nodes)

    def node(self, uid: str) -> Node | None:
        return self._nodes.get(uid)

    def dependents(self, uid: str) -> list[Node]:
        """Those that name it as an owner, wherever it is."""
        return [self._nodes[each] for each in sorted(self._dependents.get(uid, ())) if each in self._nodes]

    def observe(self, type: ResourceType, obj: Object) -> set[str]:
        """It is there, new or changed."""
        uid = obj["metadata"]["uid"]
        known = self._nodes.get(uid)
        if known is None and uid not in self._dependents and not has_ties(obj):
            return set()
        return self._observe(node_of(type, obj), known)

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
        self._tidy(node.uid)
        return suspects

    def meet(self, type: ResourceType, owner: Object, losses: int) -> set[str]:
        """Somebody's owner is there, said the API, which was asked when there had been so many :attr:`losses`. From now
        on it is known to be, until its end is told: if that may have been meanwhile, or there is news of it already,
        the answer is worth nothing."""
        uid = owner["metadata"]["uid"]
        if losses != self.losses or uid in self._nodes or uid not in self._dependents:
            return set()
        return self._observe(node_of(type, owner), None)

    def forget(self, type: ResourceType, obj: Object) -> set[str]:
        """It is gone for good: no other object will have its uid."""
        uid = obj["metadata"]["uid"]
        suspects = set(self._dependents.get(uid, ()))
        if suspects:
            self.losses += 1
            self._remember(node_of(type, obj).identity)
        node = self._nodes.pop(uid, None)
        return suspects if node is None else suspects | self._unlink(node)

    def replace(self, type: ResourceType, objects: Sequence[Object]) -> set[str]:
        """These are all of the type that have ties. What else was known of the type is doubtful: perhaps it has lost
        its ties, or never had any, perhaps it is gone."""
        self.losses += 1
        there = {each["metadata"]["uid"] for each in objects}
        suspects = set[str]()
        for node in [each for each in self._nodes.values() if each.type.resource == type.resource]:
            if node.uid not in there:
                suspects |= self._dependents.get(node.uid, set()) | self._unlink(node)
                self._nodes.pop(node.uid, None)
        for each in objects:
            suspects |= self.observe(type, each)
        return suspects

    def is_suspect(self, node: Node) -> bool:
        """Whether it may have to go or to lose a reference: an owner is not where it should be, or waits for it."""
        return any(self._is_doubtful(reference) for reference in node.owners)

    def _is_doubtful(self, reference: OwnerRef) -> bool:
        owner = self._nodes.get(reference.uid)
        return owner is None or owner.waits or not owner.is_meant_by(reference)

    def is_known_absent(self, reference: OwnerRef, namespaced: bool) -> bool:
        """There was no such object when the API was asked, or it was seen to go."""
        return reference.identity(namespaced) in self._absent

    def note_absent(self, reference: OwnerRef, namespaced: bool) -> None:
        self._remember(reference.identity(namespaced))

    def _remember(self, gone: Identity) -> None:
        self._absent[gone] = None
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
                self._tidy(owner)

    def _tidy(self, uid: str) -> None:
        """Forget it, if there is no reason to know of it (any more)."""
        node = self._nodes.get(uid)
        if node is not None and not node.has_ties and uid not in self._dependents:
            del self._nodes[uid]

    def _waiting(self, uids: Iterable[str]) -> set[str]:
        return {uid for uid in uids if uid in self._nodes and self._nodes[uid].waits}
