"""``VolumeAttachment``: that a volume is to be attached to a node, and whether it is."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.volumeattachment.strategy import VolumeAttachmentStrategy

    return VolumeAttachmentStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    volume = spec.get("source", {}).get("persistentVolumeName", "")
    attached = obj.get("status", {}).get("attached", False)
    return (name(obj), spec.get("attacher", ""), volume, spec.get("nodeName", ""), attached, age(obj, now))


KIND = Kind(
    "storage.k8s.io",
    "VolumeAttachment",
    "volumeattachments",
    versions("storage.k8s.io", "VolumeAttachment", "v1"),
    "v1",
    _strategy,
    allow_unconditional_update=False,
    namespaced=False,
    singular="volumeattachment",
    columns=(
        NAME,
        Column("Attacher", format="name", description="Who attaches it."),
        Column("PV", description="The volume."),
        Column("Node"),
        Column("Attached", "boolean"),
        AGE,
    ),
    cells=_cells,
)
