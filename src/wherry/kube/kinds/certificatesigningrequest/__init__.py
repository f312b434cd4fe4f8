"""``CertificateSigningRequest``: somebody wants a certificate; somebody approves; a signer signs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.kinds.rows import NONE, age, name
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import human_duration


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.certificatesigningrequest.strategy import CertificateSigningRequestStrategy

    return CertificateSigningRequestStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    seconds = spec.get("expirationSeconds")
    return (
        name(obj),
        age(obj, now),
        spec.get("signerName") or NONE,
        spec.get("username", ""),
        NONE if seconds is None else human_duration(seconds),
        _condition(obj.get("status", {})),
    )


def _condition(status: Object) -> str:
    kinds = {each.get("type") for each in status.get("conditions") or ()}
    decided = next((kind for kind in ("Denied", "Approved") if kind in kinds), "Pending")
    failed = ",Failed" if "Failed" in kinds else ""
    return decided + failed + (",Issued" if status.get("certificate") else "")


def _fields(obj: Object) -> Mapping[str, str]:
    return {**metadata_fields(obj), "spec.signerName": obj.get("spec", {}).get("signerName", "")}


KIND = Kind(
    "certificates.k8s.io",
    "CertificateSigningRequest",
    "certificatesigningrequests",
    versions("certificates.k8s.io", "CertificateSigningRequest", "v1"),
    "v1",
    _strategy,
    namespaced=False,
    singular="certificatesigningrequest",
    short_names=("csr",),
    columns=(
        NAME,
        AGE,
        Column("SignerName", description="Who is to sign."),
        Column("Requestor", description="Who asked."),
        Column("RequestedDuration", description="How long it is to hold."),
        Column("Condition", description="How far it is."),
    ),
    cells=_cells,
    selectable=("spec.signerName",),
    fields=_fields,
    subresources=("approval",),
    name_is_free=True,
)
