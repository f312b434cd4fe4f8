"""Tables and metadata alone: the other forms that a client may ask for an object in (``as=Table``)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.kinds import Served
from wherry.kube.kinds.model import AGE, NAME, Cells, Column
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import since

_SCALE = (
    NAME,
    Column("Desired", "integer", description="How many are wanted."),
    Column("Available", "integer", description="How many there are."),
    AGE,
)


def columns_of(served: Served) -> Sequence[Column]:
    return served.version.columns or served.kind.columns


def _cells_of(served: Served) -> Cells:
    return served.version.cells or served.kind.cells or _name_and_age


def _name_and_age(obj: Object, now: datetime) -> Sequence[Any]:
    metadata = obj["metadata"]
    return [metadata["name"], since(metadata.get("creationTimestamp"), now)]


def definitions(columns: Sequence[Column]) -> list[Object]:
    """Of the columns, as a Table has them."""
    return [
        {
            "name": each.name, "type": each.type, "format": each.format, "description": each.description,
            "priority": each.priority,
        }
        for each in columns
    ]  # fmt: skip


def row(served: Served, entry: Entry, now: datetime, version: str, include: str) -> Object:
    """One row. ``include``: whether the object, its metadata (what is meant when nothing is said) or nothing comes
    along. ``version`` of meta.k8s.io."""
    obj = entry.object if served.is_storage else served.from_storage(entry.copy())
    return _row(list(_cells_of(served)(obj, now)), obj, version, include)


def _row(cells: list[Any], obj: Object, version: str, include: str) -> Object:
    found: Object = {"cells": cells}
    if include == "Object":
        found["object"] = obj
    elif include != "None":
        found["object"] = metadata_alone(obj, version)
    return found


def table(
    served: Served, entries: Iterable[Entry], now: datetime, version: str, include: str, list_meta: Object
) -> Object:
    """A whole Table."""
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": list_meta,
        "columnDefinitions": definitions(columns_of(served)),
        "rows": [row(served, entry, now, version, include) for entry in entries],
    }


def scale_table(scale: Object, now: datetime, version: str, include: str) -> bytes:
    """The Table of a Scale, which no kind's columns are for (pkg/printers/internalversion: printScale)."""
    metadata = scale["metadata"]
    cells = [
        metadata["name"], scale["spec"]["replicas"], scale["status"]["replicas"],
        since(metadata.get("creationTimestamp"), now),
    ]  # fmt: skip
    return encode({
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": {"resourceVersion": metadata["resourceVersion"]},
        "columnDefinitions": definitions(_SCALE),
        "rows": [_row(cells, scale, version, include)],
    })  # fmt: skip


def metadata_alone(obj: Object, version: str) -> Object:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": obj["metadata"],
    }


def metadata_list(entries: Iterable[Entry], version: str, list_meta: Object) -> bytes:
    return encode({
        "kind": "PartialObjectMetadataList",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": list_meta,
        "items": [metadata_alone(entry.object, version) for entry in entries],
    })  # fmt: skip
