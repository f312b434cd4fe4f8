"""Defaults and rules of PodCertificateRequests (k8s.io/kubernetes pkg/apis/certificates)."""

from collections.abc import Mapping, Sequence

from wherry.kube.kinds.checking import immutable, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found
from wherry.kube.kinds.signing import certificates, pem
from wherry.kube.kinds.signing.names import is_of_kubernetes, validate_signer
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, too_long
from wherry.kube.machinery.model import Object

MIN_SECONDS, MAX_SECONDS, MAX_SECONDS_OF_KUBERNETES = 3600, 91 * 86400, 86400
_MAX_REQUEST_BYTES, _MAX_UID = 10 * 1024, 128
_REQUEST = SPEC.child("stubPKCS10Request")


class PodCertificateRequestStrategy(Strategy):
    def default(self, obj: Object) -> None:
        set_default(obj.setdefault("spec", {}), maxExpirationSeconds=MAX_SECONDS_OF_KUBERNETES)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = validate_signer(SPEC.child("signerName"), spec.get("signerName", ""))
        found += _validate_annotations(spec.get("unverifiedUserAnnotations") or {})
        for field in ("pod", "serviceAccount", "node"):
            name, uid, where = spec.get(f"{field}Name", ""), spec.get(f"{field}UID", ""), SPEC.child(f"{field}UID")
            found += names.complain(SPEC.child(f"{field}Name"), name, names.dns1123_subdomain(name))
            found += [] if uid else [invalid(where, uid, "must not be empty")]
            found += [too_long(where, uid, _MAX_UID)] if len(uid) > _MAX_UID else []
        seconds = spec.get("maxExpirationSeconds", 0)
        longest = MAX_SECONDS_OF_KUBERNETES if is_of_kubernetes(spec.get("signerName", "")) else MAX_SECONDS
        if not MIN_SECONDS <= seconds <= longest:
            why = f"must be in the range [{MIN_SECONDS}, {longest}]"
            found.append(invalid(SPEC.child("maxExpirationSeconds"), seconds, why))
        return found + _validate_request(spec.get("stubPKCS10Request", ""))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return immutable(SPEC, obj.get("spec"), old.get("spec"))

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        from wherry.kube.kinds.podcertificaterequest.status import validate_status

        return validate_status(obj, old, context.now)


def _validate_annotations(annotations: Mapping[str, str]) -> Found:
    where = SPEC.child("unverifiedUserAnnotations")
    found = names.validate_annotations(annotations, where)
    bare = [key for key in annotations if key and "/" not in key]
    return found + [invalid(where, key, 'must be a domain-prefixed key (such as "acme.io/foo")') for key in bare]


def _validate_request(text: str) -> Found:
    der = pem.of_base64(text)
    if len(der) > _MAX_REQUEST_BYTES:
        return [too_long(_REQUEST, text, _MAX_REQUEST_BYTES)]
    try:
        key = certificates.read_request(der).public_key()
    except ValueError as error:
        return [invalid(_REQUEST, text, f"must be a valid PKCS#10 certificate signing request: {error}")]
    wrong = certificates.key_complaint(key)
    return [invalid(Path(_REQUEST), text, wrong)] if wrong else []
