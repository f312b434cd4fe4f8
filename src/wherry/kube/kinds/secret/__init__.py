"""``Secret``: bytes by key that not everybody may see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.secret.strategy import SecretStrategy

    return SecretStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import age, name

    return [name(obj), obj.get("type", ""), len(obj.get("data") or ()), age(obj, now)]


def _fields(obj: Object) -> Mapping[str, str]:
    return {**metadata_fields(obj), "type": obj.get("type", "")}


KIND = Kind(
    "",
    "Secret",
    "secrets",
    versions("", "Secret", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="secret",
    columns=(
        NAME,
        Column("Type", description="What it is for."),
        Column("Data", description="How many keys it has."),
        AGE,
    ),
    cells=_cells,
    selectable=("type",),
    fields=_fields,
)
