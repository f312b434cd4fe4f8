"""``ClusterTrustBundle``: certificates of authorities that the cluster's programs trust."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.kinds.rows import NONE, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.clustertrustbundle.strategy import ClusterTrustBundleStrategy

    return ClusterTrustBundleStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), obj.get("spec", {}).get("signerName") or NONE)


def _fields(obj: Object) -> Mapping[str, str]:
    return {**metadata_fields(obj), "spec.signerName": obj.get("spec", {}).get("signerName", "")}


KIND = Kind(
    "certificates.k8s.io",
    "ClusterTrustBundle",
    "clustertrustbundles",
    versions("certificates.k8s.io", "ClusterTrustBundle", "v1", "v1beta1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    namespaced=False,
    singular="clustertrustbundle",
    columns=(NAME, Column("SignerName", description="Whose authorities they are.")),
    cells=_cells,
    selectable=("spec.signerName",),
    fields=_fields,
    name_is_free=True,
)
