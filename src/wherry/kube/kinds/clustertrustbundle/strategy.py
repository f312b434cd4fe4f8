"""Rules of ClusterTrustBundles (k8s.io/kubernetes pkg/apis/certificates)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import METADATA, SPEC, Found, name_of
from wherry.kube.kinds.signing.certificates import MAX_BUNDLE_BYTES, bundle_complaints
from wherry.kube.kinds.signing.names import bundle_name, validate_signer
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, invalid, too_long
from wherry.kube.machinery.model import Object

_BUNDLE, _SIGNER = SPEC.child("trustBundle"), SPEC.child("signerName")


class ClusterTrustBundleStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_names(obj) + _validate_bundle(obj.get("spec", {}).get("trustBundle", ""))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """A bundle that stays is not parsed again."""
        now, before = obj.get("spec", {}), old.get("spec", {})
        changed = now.get("trustBundle", "") != before.get("trustBundle", "")
        found = _validate_names(obj) + (_validate_bundle(now.get("trustBundle", "")) if changed else [])
        return found + immutable(_SIGNER, now.get("signerName", ""), before.get("signerName", ""))


def _validate_names(obj: Object) -> Found:
    name, signer = name_of(obj), obj.get("spec", {}).get("signerName", "")
    found = names.complain(METADATA.child("name"), name, bundle_name(name, signer))
    return found + (validate_signer(_SIGNER, signer) if signer else [])


def _validate_bundle(text: str) -> Found:
    if len(text.encode()) > MAX_BUNDLE_BYTES:
        return [too_long(_BUNDLE, "", MAX_BUNDLE_BYTES)]
    return [invalid(_BUNDLE, "<value omitted>", why) for why in bundle_complaints(text)]
