"""What the scheduler reads of claims, volumes, and storage classes."""

from collections.abc import Mapping

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import NodeTerm, node_terms
from wherry.kube.machinery.quantity import parse
from wherry.kube.machinery.selectors import EVERYTHING, LabelSelector
from wherry.kube.scheduler.model import REGION, ZONE
from wherry.kube.scheduler.selectors import selector_of

SELECTED_NODE = "volume.kubernetes.io/selected-node"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
ONE_POD = "ReadWriteOncePod"
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
CURRENT: Mapping[str, str] = {
    ZONE: ZONE,
    REGION: REGION,
    "failure-domain.beta.kubernetes.io/zone": ZONE,
    "failure-domain.beta.kubernetes.io/region": REGION,
}
"""Labels that volumes of a zone have, old names too, and what nodes call them now."""
ZONE_LABELS = tuple(CURRENT)

ClaimKey = tuple[str, str]
"""Namespace and name."""


class Claim(msgspec.Struct, frozen=True):
    """``volume``: the name of the one it has or wants; ``is_bound``: it has it for good. ``owner`` is the UID of its
    controller."""

    namespace: str
    name: str
    uid: str
    storage_class: str
    volume: str
    is_bound: bool
    is_lost: bool
    is_ending: bool
    node: str
    size: int
    modes: frozenset[str]
    volume_mode: str
    selector: LabelSelector
    owner: str
    resource_version: str

    @property
    def key(self) -> ClaimKey:
        return self.namespace, self.name


class Volume(msgspec.Struct, frozen=True):
    """A PersistentVolume. ``claim``: whose it is, with its UID (empty: whoever has that name)."""

    name: str
    storage_class: str
    size: int
    modes: frozenset[str]
    volume_mode: str
    terms: tuple[NodeTerm, ...] | None
    claim: tuple[str, str, str] | None
    is_available: bool
    is_ending: bool
    labels: Mapping[str, str]
    zones: tuple[tuple[str, frozenset[str]], ...]
    driver: str
    handle: str
    resource_version: str

    def is_on(self, node: str, labels: Mapping[str, str]) -> bool:
        """It can be reached from that node."""
        return self.terms is None or any(term.matches(node, labels) for term in self.terms)


class StorageClass(msgspec.Struct, frozen=True):
    """``waits``: its claims are bound when they have a consumer. ``topologies``: where it provisions; empty:
    anywhere."""

    name: str
    provisioner: str
    waits: bool
    topologies: tuple[tuple[tuple[str, frozenset[str]], ...], ...]

    def provisions_on(self, labels: Mapping[str, str]) -> bool:
        if not self.provisioner or self.provisioner == NO_PROVISIONER:
            return False
        return not self.topologies or any(
            all(labels.get(key) in values for key, values in term) for term in self.topologies
        )


def claim_of(obj: Object) -> Claim:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    annotations = meta.get("annotations") or {}
    owner = next((each.get("uid", "") for each in meta.get("ownerReferences") or () if each.get("controller")), "")
    selector = spec.get("selector")
    return Claim(
        meta.get("namespace", ""),
        meta["name"],
        meta.get("uid", ""),
        spec.get("storageClassName") or annotations.get(_OLD_CLASS) or "",
        spec.get("volumeName") or "",
        bool(spec.get("volumeName")) and BIND_COMPLETED in annotations,
        status.get("phase") == "Lost",
        "deletionTimestamp" in meta,
        annotations.get(SELECTED_NODE) or "",
        _bytes((spec.get("resources") or {}).get("requests")),
        frozenset(spec.get("accessModes") or ()),
        spec.get("volumeMode") or "Filesystem",
        EVERYTHING if selector is None else selector_of(selector),
        owner,
        meta.get("resourceVersion", ""),
    )


def volume_of(obj: Object) -> Volume:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    labels = meta.get("labels") or {}
    claim = spec.get("claimRef")
    csi = spec.get("csi") or {}
    return Volume(
        meta["name"],
        spec.get("storageClassName") or (meta.get("annotations") or {}).get(_OLD_CLASS) or "",
        _bytes(spec.get("capacity")),
        frozenset(spec.get("accessModes") or ()),
        spec.get("volumeMode") or "Filesystem",
        node_terms((spec.get("nodeAffinity") or {}).get("required")),
        (claim.get("namespace", ""), claim.get("name", ""), claim.get("uid") or "") if claim else None,
        status.get("phase") == "Available",
        "deletionTimestamp" in meta,
        labels,
        tuple((key, frozenset(labels[key].split("__"))) for key in ZONE_LABELS if key in labels),
        csi.get("driver") or "",
        csi.get("volumeHandle") or "",
        meta.get("resourceVersion", ""),
    )


def class_of(obj: Object) -> StorageClass:
    topologies = tuple(map(_topology, obj.get("allowedTopologies") or ()))
    waits = obj.get("volumeBindingMode") == "WaitForFirstConsumer"
    return StorageClass(obj["metadata"]["name"], obj.get("provisioner") or "", waits, topologies)


def _topology(term: Object) -> tuple[tuple[str, frozenset[str]], ...]:
    listed = term.get("matchLabelExpressions") or ()
    return tuple((each.get("key", ""), frozenset(each.get("values") or ())) for each in listed)


def limits_of(csi_node: Object) -> dict[str, int]:
    """How many volumes of each driver a node can have."""
    found = {}
    for each in (csi_node.get("spec") or {}).get("drivers") or ():
        count = (each.get("allocatable") or {}).get("count")
        if count is not None:
            found[each.get("name", "")] = int(count)
    return found


def _bytes(amounts: Object | None) -> int:
    try:
        return parse((amounts or {}).get("storage", "0")).value
    except ValueError:
        return 0
