"""Rules of CertificateSigningRequests (k8s.io/kubernetes pkg/apis/certificates, pkg/registry/certificates).

Who asks is what the server knows of him, never what he says. Approvers write conditions by the subresource
``approval``, signers the certificate by ``status``; neither can do the other's work.
"""

from collections.abc import Sequence
from typing import Any

from wherry.kube.kinds.checking import same
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, distinct
from wherry.kube.kinds.signing import certificates, pem
from wherry.kube.kinds.signing.names import validate_signer
from wherry.kube.machinery.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

USAGES = frozenset(
    {
        "any",
        "cert sign",
        "client auth",
        "code signing",
        "content commitment",
        "crl sign",
        "data encipherment",
        "decipher only",
        "digital signature",
        "email protection",
        "encipher only",
        "ipsec end system",
        "ipsec tunnel",
        "ipsec user",
        "key agreement",
        "key encipherment",
        "microsoft sgc",
        "netscape sgc",
        "ocsp signing",
        "s/mime",
        "server auth",
        "signing",
        "timestamping",
    }
)
_OLD_SIGNER = "kubernetes.io/legacy-unknown"
_MIN_SECONDS = 600
_FINAL, _APPROVAL = ("Approved", "Denied", "Failed"), ("Approved", "Denied")
_CONDITIONS, _CERTIFICATE = STATUS.child("conditions"), STATUS.child("certificate")


class CertificateSigningRequestStrategy(Strategy):
    def prepare_create(self, obj: Object, context: Context) -> None:
        spec = obj.setdefault("spec", {})
        for name in ("username", "uid", "groups", "extra"):
            spec.pop(name, None)
        known = {"username": context.user, "uid": context.uid, "groups": list(context.groups)}
        extra = {name: list(values) for name, values in context.extra.items()}
        spec.update({name: value for name, value in {**known, "extra": extra}.items() if value})

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        """What is asked for never changes. By ``approval`` conditions may, and nothing besides."""
        obj["spec"] = old.get("spec", {})
        if context.subresource == "approval":
            status = dict(old.get("status", {}))
            status["conditions"] = obj.get("status", {}).get("conditions") or []
            obj["status"] = status
            _set_times(obj, old, context)

    def prepare_status_update(self, obj: Object, old: Object, context: Context) -> None:
        """A signer that read the request before it was approved again does not take that back."""
        now, before = _conditions(obj), _conditions(old)
        for kind in _APPROVAL:
            places = [place for place, each in enumerate(now) if each.get("type") == kind]
            known = [each for each in before if each.get("type") == kind]
            if len(places) == len(known):
                for place, condition in zip(places, known, strict=True):
                    now[place] = condition
        _set_times(obj, old, context)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_request(obj) + _validate_conditions(_conditions(obj))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """Of approvals; by the object itself neither request nor status change."""
        return _validate_conditions(_conditions(obj)) + _validate_final(obj, old)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        found = _validate_conditions(_conditions(obj)) + _validate_final(obj, old)
        for kind in _APPROVAL:
            now, before = _of_type(obj, kind), _of_type(old, kind)
            if len(now) > len(before):
                found.append(forbidden(_CONDITIONS, f'updates may not add a condition of type "{kind}"'))
            elif len(now) == len(before) and not same(now, before):
                found.append(forbidden(_CONDITIONS, f'updates may not modify a condition of type "{kind}"'))
        return found + _validate_certificate(obj, old)


def _conditions(obj: Object) -> list[Any]:  # Any: JSON
    found: list[Any] = obj.get("status", {}).get("conditions") or []
    return found


def _of_type(obj: Object, kind: str) -> list[Any]:  # Any: JSON
    return [each for each in _conditions(obj) if each.get("type") == kind]


def _set_times(obj: Object, old: Object, context: Context) -> None:
    now = rfc3339(context.now)
    since = {(each.get("type"), each.get("status")): each.get("lastTransitionTime") for each in _conditions(old)}
    for condition in _conditions(obj):
        if not condition.get("lastUpdateTime"):
            condition["lastUpdateTime"] = now
        if not condition.get("lastTransitionTime"):
            condition["lastTransitionTime"] = since.get((condition.get("type"), condition.get("status"))) or now


def _validate_request(obj: Object) -> Found:
    spec = obj.get("spec", {})
    found: Found = []
    try:
        certificates.read_pem_request(pem.of_base64(spec.get("request", "")))
    except ValueError as error:
        found.append(invalid(SPEC.child("request"), spec.get("request", ""), str(error)))
    usages, where = spec.get("usages") or [], SPEC.child("usages")
    if not usages:
        found.append(required(where))
    for place, usage in enumerate(usages):
        if usage not in USAGES:
            found.append(not_supported(where.index(place), usage, USAGES))
    found += distinct(where, usages)
    signer, at = spec.get("signerName", ""), SPEC.child("signerName")
    if signer == _OLD_SIGNER:
        found.append(invalid(at, signer, "the legacy signerName is not allowed via this API version"))
    else:
        found += validate_signer(at, signer)
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _MIN_SECONDS:
        why = f"may not specify a duration less than {_MIN_SECONDS} seconds (10 minutes)"
        found.append(invalid(SPEC.child("expirationSeconds"), seconds, why))
    return found


def _validate_conditions(conditions: Sequence[Object]) -> Found:
    found: Found = []
    seen: set[str] = set()
    for place, condition in enumerate(conditions):
        where, kind, status = _CONDITIONS.index(place), condition.get("type", ""), condition.get("status", "")
        if not kind:
            found.append(required(where.child("type")))
        allowed = ("True",) if kind in _FINAL else ("True", "False", "Unknown")
        if not status:
            found.append(required(where.child("status")))
        elif status not in allowed:
            found.append(not_supported(where.child("status"), status, allowed))
        if kind in _APPROVAL and seen & (set(_APPROVAL) - {kind}):
            found.append(invalid(_CONDITIONS, kind, "Approved and Denied conditions are mutually exclusive"))
        if kind in seen:
            found.append(duplicate(where.child("type"), kind))
        seen.add(kind)
    return found


def _validate_final(obj: Object, old: Object) -> Found:
    return [
        forbidden(_CONDITIONS, f'updates may not remove a condition of type "{kind}"')
        for kind in _FINAL
        if len(_of_type(obj, kind)) < len(_of_type(old, kind))
    ]


def _validate_certificate(obj: Object, old: Object) -> Found:
    now, before = (each.get("status", {}).get("certificate") or "" for each in (obj, old))
    if now == before:
        return []
    if before:
        return [forbidden(_CERTIFICATE, "updates may not modify existing certificate content")]
    try:
        certificates.check_issued(pem.of_base64(now))
    except ValueError as error:
        return [invalid(_CERTIFICATE, "<certificate data>", str(error))]
    return []
