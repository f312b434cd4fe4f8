"""Asks nodes about the volumes of one pod."""

from collections.abc import Iterable, Sequence

import msgspec

from wherry.kube.scheduler.asking import Asking
from wherry.kube.scheduler.disks import conflict
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.refusals import DISK_CONFLICT, NO_ZONE, ONE_POD_ONLY, TOO_MANY_VOLUMES, Plugin, Refusal
from wherry.kube.scheduler.volumes.facts import NOTHING_TO_DO, Choice, Volumes
from wherry.kube.scheduler.volumes.matching import NO_VOLUME, check_bound, choose
from wherry.kube.scheduler.volumes.view import CURRENT, ONE_POD, ZONE_LABELS, Claim, ClaimKey

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


class _Claims(msgspec.Struct, frozen=True):
    """Of the pod: ``bound``, and those that will be when the pod has a node."""

    bound: tuple[Claim, ...] = ()
    waiting: tuple[Claim, ...] = ()

    @property
    def all(self) -> tuple[Claim, ...]:
        return (*self.bound, *self.waiting)


def prepare(asking: Asking, facts: Volumes) -> "VolumeFilter | Refusal | None":
    """A Refusal: no node will do as things are. None: the pod has no volumes that matter."""
    pod, profile = asking.pod, asking.profile
    if not pod.shape.volumes and not pod.shape.disks:
        return None
    bound: list[Claim] = []
    waiting: list[Claim] = []
    is_unbound = False
    for volume, key in zip(pod.shape.volumes, pod.claims, strict=True):
        claim = facts.claim(key)
        complaint = _complaint(pod, key, claim, of_pod=volume.of_pod)
        if claim is None or complaint:
            return Refusal(Plugin.VOLUMES, (complaint,)) if profile.has(Plugin.VOLUMES) else None
        if claim.is_bound:
            bound.append(claim)
        elif not claim.volume and facts.waits(claim):
            waiting.append(claim)
        else:
            is_unbound = True
    if is_unbound and profile.has(Plugin.VOLUMES):
        return Refusal(Plugin.VOLUMES, (UNBOUND,))
    return VolumeFilter(asking, facts, _Claims(tuple(bound), tuple(waiting)))


def _complaint(pod: Pod, key: ClaimKey, claim: Claim | None, *, of_pod: bool) -> str:
    """Empty: none."""
    name = key[1]
    if claim is None:
        if of_pod:
            return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
        return f'persistentvolumeclaim "{name}" not found'
    if claim.is_lost:
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{claim.volume}"'
    if claim.is_ending:
        return f'persistentvolumeclaim "{name}" is being deleted'
    if of_pod and claim.owner != pod.uid:
        return f"PVC {claim.namespace}/{name} was not created for pod {pod} (pod is not owner)"
    return ""


class VolumeFilter:
    """A Filter."""

    def __init__(self, asking: Asking, facts: Volumes, claims: _Claims) -> None:
        self._pod = asking.pod
        self._profile = asking.profile
        self._cluster = asking.cluster
        self._facts = facts
        self._claims = claims
        self._exclusive = [claim.key for claim in claims.all if ONE_POD in claim.modes]
        self._in_use = sum(asking.cluster.claims.get(key, 0) for key in self._exclusive)
        self._zones = [
            zone for claim in claims.bound if (volume := facts.volumes.get(claim.volume)) for zone in volume.zones
        ]

    def keep(self, slots: Sequence[int]) -> Sequence[int]:
        return [slot for slot in slots if self.refusal(slot) is None]

    def refusal(self, slot: int) -> Refusal | None:
        node = self._cluster.slots[slot]
        return None if node is None else self.refuse(node, self._in_use)

    def refuse(self, node: Node, in_use: int) -> Refusal | None:
        """``in_use``: by how many pods the claims are used that only one may use."""
        has = self._profile.has
        if has(Plugin.RESTRICTIONS):
            disks = self._pod.shape.disks
            if disks and conflict(disks, (disk for pod in node.pods.values() for disk in pod.shape.disks)):
                return DISK_CONFLICT
            if in_use:
                return ONE_POD_ONLY
        if has(Plugin.LIMITS) and self._is_over_limit(node):
            return TOO_MANY_VOLUMES
        if has(Plugin.VOLUMES):
            reasons = check_bound(self._facts, self._claims.bound, node)
            if self._claims.waiting and choose(self._facts, self._claims.waiting, node) is None:
                reasons.append(NO_VOLUME)
            if reasons:
                return Refusal(Plugin.VOLUMES, tuple(reasons))
        if has(Plugin.ZONES) and self._zones and any(key in node.labels for key in ZONE_LABELS):
            labels = node.labels
            if not all(labels.get(key, labels.get(CURRENT[key])) in values for key, values in self._zones):
                return NO_ZONE
        return None

    def _is_over_limit(self, node: Node) -> bool:
        limits = self._facts.limits.get(node.name)
        if not limits:
            return False
        there = set(self._attached(claim for pod in node.pods.values() for claim in self._claims_of(pod)))
        new = set(self._attached(self._claims.all)) - there
        drivers = {driver for driver, _ in new}
        counts = {driver: sum(each == driver for each, _ in there | new) for driver in drivers}
        return any(counts[driver] > limits.get(driver, counts[driver]) for driver in drivers)

    def _claims_of(self, pod: Pod) -> Iterable[Claim]:
        return (claim for key in pod.claims if (claim := self._facts.claims.get(key)) is not None)

    def _attached(self, claims: Iterable[Claim]) -> Iterable[tuple[str, str]]:
        """Driver and volume of each that is, or will be, one of a driver's."""
        for claim in claims:
            volume = self._facts.volumes.get(claim.volume)
            if volume is not None:
                if volume.driver:
                    yield volume.driver, volume.handle
            elif found := self._facts.classes.get(claim.storage_class):
                yield found.provisioner, "/".join(claim.key)

    def choice(self, node: Node) -> Choice:
        """What to do about the claims when the pod gets that node, which has been kept."""
        if not self._claims.waiting:
            return NOTHING_TO_DO
        return choose(self._facts, self._claims.waiting, node) or NOTHING_TO_DO

    def suppose(self, node: Node) -> "_SupposedVolumes":
        return _SupposedVolumes(self, node, self._in_use, frozenset(self._exclusive))


class _SupposedVolumes:
    def __init__(self, whole: VolumeFilter, node: Node, in_use: int, exclusive: frozenset[ClaimKey]) -> None:
        self._whole = whole
        self._node = node
        self._in_use = in_use
        self._exclusive = exclusive

    def change(self, pod: Pod, by: int) -> None:
        if self._exclusive:
            self._in_use += by * sum(key in self._exclusive for key in pod.claims)

    def refusal(self) -> Refusal | None:
        return self._whole.refuse(self._node, self._in_use)
