"""Rules of APIServices (k8s.io/kube-aggregator pkg/apis/apiregistration/validation)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import METADATA, SPEC, STATUS, Found, name_of, unsupported
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, forbidden, invalid, required
from wherry.kube.machinery.model import Object

_MAX_GROUP_PRIORITY, _MAX_VERSION_PRIORITY = 20000, 1000


class APIServiceStrategy(Strategy):
    """One that names a service is refused: requests are not passed on."""

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        group, version = spec.get("group", ""), spec.get("version", "")
        found: Found = []
        if name_of(obj) != f"{version}.{group}":
            why = f'must be `spec.version+"."+spec.group`: "{version}.{group}"'
            found.append(invalid(METADATA.child("name"), name_of(obj), why))
        where = SPEC.child("group")
        if group:
            found += names.complain(where, group, names.dns1123_subdomain(group))
        elif version != "v1":
            found.append(required(where, "only v1 may have an empty group and it better be legacy kube"))
        found += names.complain(SPEC.child("version"), version, names.dns1035_label(version))
        return found + _validate_priorities(spec) + _validate_local(spec)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        found: Found = []
        for position, condition in enumerate(obj.get("status", {}).get("conditions") or ()):
            status, known = condition.get("status", ""), ("True", "False", "Unknown")
            if status not in known:
                where = STATUS.child("conditions").index(position).child("status")
                found.append(unsupported(where, status, *known))
        return found


def _validate_priorities(spec: Object) -> Found:
    limits = {"groupPriorityMinimum": _MAX_GROUP_PRIORITY, "versionPriority": _MAX_VERSION_PRIORITY}
    return [
        invalid(SPEC.child(name), spec.get(name, 0), f"must be positive and less than {most}")
        for name, most in limits.items()
        if not 0 < spec.get(name, 0) <= most
    ]


def _validate_local(spec: Object) -> Found:
    if spec.get("service") is not None:
        why = "this server does not pass requests on to the servers of other APIs yet: only local APIServices are kept"
        return [forbidden(SPEC.child("service"), why)]
    found: Found = []
    if bundle := spec.get("caBundle"):
        where = SPEC.child("caBundle")
        found.append(invalid(where, f"{_bytes(bundle)} bytes", "local APIServices may not have a caBundle"))
    if spec.get("insecureSkipTLSVerify"):
        where = SPEC.child("insecureSkipTLSVerify")
        found.append(invalid(where, True, "local APIServices may not have insecureSkipTLSVerify"))
    return found


def _bytes(text: str) -> int:
    """How many a text in base64 stands for."""
    return len(text) * 3 // 4 - text.count("=")
