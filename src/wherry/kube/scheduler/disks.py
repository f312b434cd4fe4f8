"""Disks that pods name without a claim, and when two pods cannot have the same one on a node
(pkg/scheduler/framework/plugins/volumerestrictions)."""

from collections.abc import Iterable

from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.model import Disk

_FIELDS = {
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "iscsi": ("iqn",),
    "rbd": ("pool", "image"),
}
KINDS = frozenset(_FIELDS)
_SHARED_BY_READERS = ("gcePersistentDisk", "iscsi", "rbd")


def disk_of(volume: Object) -> Disk | None:
    """None: it is no such volume."""
    for kind, fields in _FIELDS.items():
        source = volume.get(kind)
        if source is None:
            continue
        identity = tuple(str(source.get(name) or "") for name in fields)
        if kind == "rbd":
            identity += tuple(sorted(source.get("monitors") or ()))
        return Disk(kind, identity, bool(source.get("readOnly")) and kind in _SHARED_BY_READERS)
    return None


def conflict(wanted: Iterable[Disk], there: Iterable[Disk]) -> bool:
    """Whether one of them is used already, and not only read."""
    used = list(there)
    return any(_same(one, other) and not (one.read_only and other.read_only) for one in wanted for other in used)


def _same(one: Disk, other: Disk) -> bool:
    if one.kind != other.kind:
        return False
    if one.kind != "rbd":
        return one.identity == other.identity
    same_image = one.identity[:2] == other.identity[:2]
    return same_image and bool(set(one.identity[2:]) & set(other.identity[2:]))
