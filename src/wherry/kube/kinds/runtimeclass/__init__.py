"""``RuntimeClass``: how the containers of pods that name it are run."""

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
    from wherry.kube.kinds.runtimeclass.strategy import RuntimeClassStrategy

    return RuntimeClassStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), obj.get("handler", ""), age(obj, now))


KIND = Kind(
    "node.k8s.io",
    "RuntimeClass",
    "runtimeclasses",
    versions("node.k8s.io", "RuntimeClass", "v1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    namespaced=False,
    singular="runtimeclass",
    columns=(NAME, Column("Handler", description="What the node's runtime calls it."), AGE),
    cells=_cells,
)
