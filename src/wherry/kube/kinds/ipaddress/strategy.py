"""Rules of IPAddresses (k8s.io/kubernetes pkg/apis/networking)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, required
from wherry.kube.machinery.model import Object

_PARENT = SPEC.child("parentRef")


class IPAddressStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        parent = obj.get("spec", {}).get("parentRef")
        if parent is None:
            return [required(_PARENT)]
        group, namespace = parent.get("group", ""), parent.get("namespace", "")
        found = names.complain(_PARENT.child("group"), group, names.dns1123_subdomain(group)) if group else []
        for name in ("resource", "name"):
            found += wanted(_PARENT.child(name), parent.get(name, ""), names.path_segment)
        return found + names.complain(_PARENT.child("namespace"), namespace, names.path_segment(namespace))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return immutable(_PARENT, obj.get("spec", {}).get("parentRef"), old.get("spec", {}).get("parentRef"))
