"""``PodCertificateRequest``: a node wants a certificate for one of its pods."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import version
from wherry.kube.kinds.model import NAME, Column, Conversion, Kind, Strategy, metadata_fields
from wherry.kube.kinds.rows import name
from wherry.kube.kinds.rules import true_condition, without
from wherry.kube.machinery.model import Object

_GROUP, _KIND = "certificates.k8s.io", "PodCertificateRequest"
_SHOWN = ("podName", "serviceAccountName", "nodeName", "signerName")
_SELECTED = ("podName", "nodeName", "signerName")


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.podcertificaterequest.strategy import PodCertificateRequestStrategy

    return PodCertificateRequestStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    state = next((kind for kind in ("Denied", "Failed", "Issued") if true_condition(obj, kind)), "Pending")
    return (name(obj), *(obj.get("spec", {}).get(each, "") for each in _SHOWN), state)


def _fields(obj: Object) -> Mapping[str, str]:
    spec = obj.get("spec", {})
    return {**metadata_fields(obj), **{f"spec.{each}": spec.get(each, "") for each in _SELECTED}}


def _from_v1beta1(obj: Object) -> Object:
    """Two old fields that the request itself has taken the place of are not kept."""
    return {**obj, "spec": without(obj.get("spec", {}), "pkixPublicKey", "proofOfPossession")}


def _to_v1beta1(obj: Object) -> Object:
    return obj


KIND = Kind(
    _GROUP,
    _KIND,
    "podcertificaterequests",
    (version(_GROUP, _KIND, "v1"), version(_GROUP, _KIND, "v1beta1", Conversion(_from_v1beta1, _to_v1beta1))),
    "v1",
    _strategy,
    allow_unconditional_update=False,
    singular="podcertificaterequest",
    columns=(
        NAME,
        Column("PodName"),
        Column("ServiceAccountName"),
        Column("NodeName"),
        Column("SignerName", description="Who is to sign."),
        Column("State", description="How far it is."),
    ),
    cells=_cells,
    selectable=tuple(f"spec.{each}" for each in _SELECTED),
    fields=_fields,
)
