"""Objects that own each other, made, changed and deleted at random, and what should be left of them.

Each step is done at once, whatever the garbage collector has seen by then. What it does is not to depend on that: so
what a step has doomed, or may be changed by it, no other step touches before everything has settled.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from tests.unit.kube.controllers.harness import MAPS, NODES, SECRETS, served
from wherry.kube.client.discovery import ResourceType
from wherry.kube.client.model import Client, PatchType
from wherry.kube.machinery.model import Object

KINDS = (served(MAPS, "ConfigMap"), served(SECRETS, "Secret"), served(NODES, "Node", False))
SPACES = ("default", "other")
HELD = "example.org/held"


class Being(NamedTuple):
    """An object that has been made."""

    type: ResourceType
    namespace: str
    name: str
    uid: str

    def owns(self, place: str) -> bool:
        """Whether objects in that namespace (empty: in none) can name it."""
        return self.namespace in ("", place)

    def reference(self, random: Random, uid: str = "") -> Object:
        return {
            "apiVersion": "v1", "kind": self.type.kind, "name": self.name, "uid": uid or self.uid,
            "blockOwnerDeletion": random.random() < 0.5,
        }  # fmt: skip


@dataclass(slots=True)
class Expected:
    """What should be there, by uid: whose each is. ``kept``: references of what has no namespace into one. Whom they
    mean cannot be known, so they hold for ever."""

    owners: dict[str, set[str]] = field(default_factory=dict)
    kept: dict[str, set[str]] = field(default_factory=dict)

    def name(self, uid: str, owners: set[str], kept: set[str], is_owned: bool) -> None:
        """It has these owners from now on, or (``is_owned``) has only such as are not there."""
        self.owners[uid], self.kept[uid] = owners, kept
        if is_owned and not owners and not kept:
            self.end(uid)

    def dependents(self, uid: str) -> list[str]:
        return [each for each, owners in self.owners.items() if uid in owners]

    def descent(self, uid: str) -> set[str]:
        """It and all below it."""
        found, left = set[str](), [uid]
        while left:
            each = left.pop()
            if each not in found:
                found.add(each)
                left += self.dependents(each)
        return found

    def end(self, uid: str, orphans: bool = False) -> None:
        below = self.dependents(uid)
        self.owners.pop(uid, None)
        for each in below:
            owners = self.owners.get(each)
            if owners is not None:
                owners.discard(uid)
                if not owners and not self.kept[each] and not orphans:
                    self.end(each)


class Families:
    def __init__(self, client: Client, random: Random) -> None:
        self.expected = Expected()
        self._client = client
        self._random = random
        self._made: dict[str, Being] = {}
        self._hot: set[str] = set()

    async def burst(self, steps: int, *, orphans: bool) -> None:
        """So many steps, all at once. ``orphans``: whether one deletes in a way that leaves dependents."""
        if orphans and (being := self._pick()):  # before its dependents change: they must be known by then
            await self._delete(being, "Orphan")
        for _ in range(steps):
            chosen = self._random.random()
            being = self._pick()
            if chosen < 0.5 or being is None:
                await self._create()
            elif chosen < 0.75:
                await self._change(being)
            else:
                await self._delete(being, self._random.choice(["Background", "Foreground"]))

    def _pick(self) -> Being | None:
        """One that nothing under way has to do with."""
        cool = [uid for uid in self.expected.owners if not self.expected.descent(uid) & self._hot]
        return self._made[self._random.choice(cool)] if cool else None

    async def _create(self) -> None:
        type = self._random.choice(KINDS)
        namespace = self._random.choice(SPACES) if type.namespaced else ""
        name = f"n{len(self._made)}"
        meta: Object = {"name": name, "ownerReferences": self._references(namespace)}
        if self._random.random() < 0.2:
            meta["finalizers"] = [HELD]
        obj = {"apiVersion": "v1", "kind": type.kind, "metadata": meta}
        made = await self._client.create(type.resource, obj, namespace)
        being = Being(type, namespace, name, made["metadata"]["uid"])
        self._made[being.uid] = being
        self._name(being, meta["ownerReferences"])

    async def _change(self, being: Being) -> None:
        references = self._references(being.namespace, but=being.uid)
        patch = {"metadata": {"ownerReferences": references or None}}
        await self._client.patch(being.type.resource, being.name, patch, being.namespace, type=PatchType.MERGE)
        self._name(being, references)

    async def _delete(self, being: Being, policy: str) -> None:
        self._hot |= self.expected.descent(being.uid)
        options = {"propagationPolicy": policy}
        await self._client.delete(being.type.resource, being.name, being.namespace, options=options)
        self.expected.end(being.uid, orphans=policy == "Orphan")

    def _references(self, place: str, but: str = "") -> list[Object]:
        """To some that can be owners there, or cannot, or are not there any more, or are others than is said."""
        random = self._random
        cool = [each for uid, each in self._made.items() if uid not in self._hot and uid != but]
        found = {}
        for being in random.sample(cool, min(len(cool), random.choice([0, 0, 1, 1, 2, 4]))):
            if being.uid in self.expected.owners and (being.owns(place) or random.random() < 0.1):
                found[being.uid] = being.reference(random)
            elif random.random() < 0.1:
                found[being.uid] = being.reference(random, "" if random.random() < 0.5 else f"no-{being.uid}")
        return list(found.values())

    def _name(self, being: Being, references: list[Object]) -> None:
        descent = self.expected.descent(being.uid)
        named = [(self._made.get(each["uid"]), each) for each in references]
        owners = {owner.uid for owner, _ in named if owner and self._is_there(owner) and owner.owns(being.namespace)}
        into = {each["uid"] for _, each in named if not being.namespace and each["kind"] != "Node"}
        self.expected.name(being.uid, owners, into, bool(references))
        if len(owners | into) < len(references):
            self._hot |= descent  # it is going to be changed, or to go

    def _is_there(self, being: Being) -> bool:
        return being.uid in self.expected.owners

    async def _found(self) -> dict[str, Object]:
        listed = [(await self._client.list(each.resource)).items for each in KINDS]
        return {each["metadata"]["uid"]: each for items in listed for each in items}

    async def let_go(self) -> bool:
        """Of those that are being deleted, of which some are held. Returns whether there were any."""
        held = [
            each for each in (await self._found()).values()
            if "deletionTimestamp" in each["metadata"] and HELD in (each["metadata"].get("finalizers") or ())
        ]  # fmt: skip
        for each in held:
            meta, type = each["metadata"], self._made[each["metadata"]["uid"]].type
            finalizers = [name for name in meta["finalizers"] if name != HELD]
            patch = {"metadata": {"finalizers": finalizers or None, "resourceVersion": meta["resourceVersion"]}}
            await self._client.patch(
                type.resource, meta["name"], patch, meta.get("namespace", ""), type=PatchType.MERGE
            )  # fmt: skip
        return bool(held)

    async def wrong(self) -> list[str]:
        """How what is there differs from what should be. When it does not, everything has settled."""
        found, expected = await self._found(), self.expected
        surplus = [
            f"{self._made[uid].name} is there" for uid in found.keys() & self._made.keys() - expected.owners.keys()
        ]
        missing = [f"{self._made[uid].name} is gone" for uid in expected.owners.keys() - found.keys()]
        others = [
            f"{self._made[uid].name} has other owners: {_owners(obj)}"
            for uid, obj in found.items()
            if uid in expected.owners and _owners(obj) != expected.owners[uid] | expected.kept[uid]
        ]
        found_wrong = [*surplus, *missing, *others]
        if not found_wrong:
            self._hot.clear()
        return found_wrong


def _owners(obj: Object) -> set[str]:
    references: Iterable[Object] = obj["metadata"].get("ownerReferences") or ()
    return {each["uid"] for each in references}
