"""``CustomResourceDefinition``: a kind of somebody's own. What it defines is served by
:mod:`wherry.kube.apiserver.custom`; here is what the definition itself may say, and what becomes of its status."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import NAME, Column, Kind, Strategy
from wherry.kube.machinery.model import Object

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer of a definition: its objects go before it does."""


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.customresourcedefinition.strategy import CustomResourceDefinitionStrategy

    return CustomResourceDefinitionStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    metadata = obj.get("metadata", {})
    return (metadata.get("name", ""), metadata.get("creationTimestamp", ""))


KIND = Kind(
    "apiextensions.k8s.io",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    versions("apiextensions.k8s.io", "CustomResourceDefinition", "v1"),
    "v1",
    _strategy,
    allow_unconditional_update=False,
    namespaced=False,
    singular="customresourcedefinition",
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    columns=(NAME, Column("Created At", "date", description="When it was created, in UTC.")),
    cells=_cells,
    default_finalizers=(CLEANUP,),
)
