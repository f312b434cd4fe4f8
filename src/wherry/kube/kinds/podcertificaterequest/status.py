"""The one change that a request's status has: it is issued, denied, or has failed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from wherry.kube.kinds.checking import same
from wherry.kube.kinds.rules import STATUS, Found, conditions, true_condition, unsupported
from wherry.kube.kinds.signing import certificates, pem
from wherry.kube.machinery.fielderrors import OMIT, FieldError, invalid, not_supported, required, too_long
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse, rfc3339

if TYPE_CHECKING:
    from cryptography import x509

_ENDS = ("Issued", "Denied", "Failed")
_MAX_CHAIN_BYTES = 100 * 1024
_CHAIN, _CONDITIONS = STATUS.child("certificateChain"), STATUS.child("conditions")
_NEAR, _MARGIN, _SHORTEST = timedelta(minutes=5), timedelta(minutes=10), timedelta(hours=1)
_MEANS = {
    "notBefore": "must be present and consistent with the issued certificate",
    "notAfter": "must be present and consistent with the issued certificate",
    "beginRefreshAt": "must be present and in the range [notbefore+10min, notafter-10min]",
}


def validate_status(obj: Object, old: Object, now: datetime) -> Found:
    status, before = obj.get("status", {}), old.get("status", {})
    found = list(_wrong_conditions(status)) + conditions(_CONDITIONS, status.get("conditions") or ())
    if found:
        return found
    if any(true_condition(old, end) for end in _ENDS):
        why = "immutable after PodCertificateRequest is issued, denied, or failed"
        return [] if same(status, before) else [invalid(STATUS, OMIT, why)]
    if true_condition(obj, "Denied") or true_condition(obj, "Failed"):
        alone = same(status, {"conditions": status.get("conditions")})
        why = "non-condition status fields must be empty when denying or failing the PodCertificateRequest"
        return [] if alone else [invalid(STATUS, OMIT, why)]
    if true_condition(obj, "Issued"):
        return _validate_issued(obj, now)
    why = 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"'
    return [] if same(status, before) else [invalid(STATUS, OMIT, why)]


def _wrong_conditions(status: Object) -> Iterator[FieldError]:
    known = 0
    for place, condition in enumerate(status.get("conditions") or ()):
        where, kind = _CONDITIONS.child(f"[{place}]"), condition.get("type", "")  # upstream's path
        if kind not in _ENDS:
            yield unsupported(where.child("type"), kind, *_ENDS)
            continue
        known += 1
        if known > 1:
            why = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
            yield invalid(where.child("type"), kind, why)
        if condition.get("status") != "True":
            yield not_supported(where.child("status"), condition.get("status", ""), ("True",))


def _validate_issued(obj: Object, now: datetime) -> Found:
    """The first thing that is wrong."""
    status, spec = obj.get("status", {}), obj.get("spec", {})
    chain = status.get("certificateChain", "")
    if len(chain.encode()) > _MAX_CHAIN_BYTES:
        return [too_long(_CHAIN, chain, _MAX_CHAIN_BYTES)]
    blocks = list(pem.blocks(chain.encode()))
    if not blocks:
        return [invalid(_CHAIN, chain, "issued certificate chain must contain at least one certificate")]
    if any(block.type != "CERTIFICATE" for block in blocks):
        why = "issued certificate chain must consist entirely of CERTIFICATE PEM blocks"
        return [invalid(_CHAIN, chain, why)]
    try:
        leaf = certificates.read_certificate(blocks[0].der)
    except ValueError:
        return [invalid(_CHAIN, chain, "leaf certificate does not parse as valid X.509")]
    asked = certificates.read_request(pem.of_base64(spec.get("stubPKCS10Request", "")))
    if certificates.public_bytes(leaf) != certificates.public_bytes(asked):
        return [invalid(_CHAIN, chain, "leaf certificate was not issued to the requested public key")]
    if found := list(_wrong_times(status, spec, leaf, now)):
        return found[:1] if all(status.get(name) for name in _MEANS) else found
    for block in blocks[1:]:
        try:
            certificates.read_certificate(block.der)
        except ValueError:
            return [invalid(_CHAIN, chain, "intermediate certificate does not parse as valid X.509")]
    return []


def _wrong_times(status: Object, spec: Object, leaf: "x509.Certificate", now: datetime) -> Iterator[FieldError]:
    missing = [name for name in _MEANS if not status.get(name)]
    yield from (required(STATUS.child(name), _MEANS[name]) for name in missing)
    if missing:
        return
    try:
        start, end, refresh = (parse(status[name]) for name in _MEANS)
    except ValueError as error:
        yield invalid(STATUS, OMIT, str(error))
        return
    if start != leaf.not_valid_before_utc:
        why = "must be set to the NotBefore time encoded in the leaf certificate"
        yield invalid(STATUS.child("notBefore"), rfc3339(start), why)
    if abs(start - now) >= _NEAR:
        why = "must be set to within 5 minutes of kube-apiserver's current time"
        yield invalid(STATUS.child("notBefore"), rfc3339(start), why)
    if end != leaf.not_valid_after_utc:
        why = "must be set to the NotAfter time encoded in the leaf certificate"
        yield invalid(STATUS.child("notAfter"), rfc3339(end), why)
    yield from _wrong_span(spec, leaf.not_valid_after_utc - leaf.not_valid_before_utc)
    if refresh < start + _MARGIN:
        why = "must be at least 10 minutes after status.notBefore"
        yield invalid(STATUS.child("beginRefreshAt"), rfc3339(refresh), why)
    if refresh > end - _MARGIN:
        why = "must be at least 10 minutes before status.notAfter"
        yield invalid(STATUS.child("beginRefreshAt"), rfc3339(refresh), why)


def _wrong_span(spec: Object, span: timedelta) -> Iterator[FieldError]:
    longest = spec.get("maxExpirationSeconds", 0)
    shown = int(span.total_seconds()) * 10**9  # as Go shows a time.Duration in JSON
    if span < _SHORTEST:
        yield invalid(_CHAIN, shown, "leaf certificate lifetime must be >= 1 hour")
    if span > timedelta(seconds=longest):
        yield invalid(_CHAIN, shown, f"leaf certificate lifetime must be <= spec.maxExpirationSeconds ({longest})")
