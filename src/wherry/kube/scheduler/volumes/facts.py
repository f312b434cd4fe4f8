"""Claims, volumes, classes, as the API tells of them, and what has been decided about them meanwhile."""

import asyncio
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from wherry.kube.scheduler.volumes.view import Claim, ClaimKey, StorageClass, Volume


class Choice(msgspec.Struct, frozen=True):
    """What is done about the claims of a pod that gets a node: ``bound`` to volumes that are there, or provisioned."""

    bound: tuple[tuple[Claim, Volume], ...] = ()
    provisioned: tuple[Claim, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not self.bound and not self.provisioned

    def only_unfinished(self, facts: "Volumes") -> "Choice":
        """What of it is not bound yet."""
        open_ = [(claim, volume) for claim, volume in self.bound if not facts.is_bound(claim.key)]
        waiting = [claim for claim in self.provisioned if not facts.is_bound(claim.key)]
        return replace(self, bound=tuple(open_), provisioned=tuple(waiting))


NOTHING_TO_DO = Choice()


class Volumes:
    """Assumed is what this scheduler has decided and the API does not tell yet: a volume's claim, a claim's node."""

    def __init__(self) -> None:
        self.claims: dict[ClaimKey, Claim] = {}
        self.volumes: dict[str, Volume] = {}
        self.classes: dict[str, StorageClass] = {}
        self.limits: dict[str, dict[str, int]] = {}
        """By node, by driver."""
        self._of_class: dict[str, dict[str, Volume]] = {}
        self._assumed_claims: dict[ClaimKey, str] = {}
        self._assumed_volumes: dict[str, ClaimKey] = {}
        self._changed = asyncio.Event()

    # What is asked

    def claim(self, key: ClaimKey) -> Claim | None:
        """With the node that it has been promised."""
        claim = self.claims.get(key)
        node = self._assumed_claims.get(key)
        if claim is None or node is None or claim.node:
            return claim
        return msgspec.structs.replace(claim, node=node)

    def is_bound(self, key: ClaimKey) -> bool:
        claim = self.claims.get(key)
        return claim is not None and claim.is_bound

    def waits(self, claim: Claim) -> bool:
        """It is to be bound when it has a consumer."""
        found = self.classes.get(claim.storage_class)
        return found is not None and found.waits

    def of_class(self, name: str) -> Iterable[Volume]:
        """By name, so that the choice does not depend on who was told of first."""
        found = self._of_class.get(name, {})
        return [found[each] for each in sorted(found)]

    def claim_of(self, volume: Volume) -> tuple[str, str, str] | None:
        """Whose it is or will be."""
        key = self._assumed_volumes.get(volume.name)
        if volume.claim is None and key is not None:
            return (*key, "")
        return volume.claim

    # What is told

    def set_claim(self, key: ClaimKey, claim: Claim | None) -> None:
        """None: it is gone."""
        if claim is None:
            self.claims.pop(key, None)
            self._assumed_claims.pop(key, None)
        else:
            self.claims[key] = claim
            if claim.node or claim.is_bound:
                self._assumed_claims.pop(key, None)
        self._tell()

    def set_volume(self, name: str, volume: Volume | None) -> None:
        old = self.volumes.pop(name, None)
        if old is not None:
            del self._of_class[old.storage_class][name]
        if volume is not None:
            self.volumes[name] = volume
            self._of_class.setdefault(volume.storage_class, {})[name] = volume
        if volume is None or volume.claim is not None:
            self._assumed_volumes.pop(name, None)
        self._tell()

    def set_class(self, name: str, found: StorageClass | None) -> None:
        if found is None:
            self.classes.pop(name, None)
        else:
            self.classes[name] = found

    def set_limits(self, node: str, limits: dict[str, int] | None) -> None:
        if limits:
            self.limits[node] = limits
        else:
            self.limits.pop(node, None)

    # What is decided

    def assume(self, choice: Choice, node: str) -> None:
        for claim, volume in choice.bound:
            self._assumed_volumes[volume.name] = claim.key
        for claim in choice.provisioned:
            self._assumed_claims[claim.key] = node

    def forget(self, choice: Choice) -> None:
        """It does not come to that."""
        for _, volume in choice.bound:
            self._assumed_volumes.pop(volume.name, None)
        for claim in choice.provisioned:
            self._assumed_claims.pop(claim.key, None)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self) -> None:
        """Until something is told of claims or volumes."""
        await self._changed.wait()
