"""Rules of Ingresses (k8s.io/kubernetes pkg/apis/networking)."""

from collections.abc import Callable, Sequence

from wherry.kube.kinds import addresses
from wherry.kube.kinds.checking import optional_choice
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, each, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_IN_NO_PATH, _AT_NO_END = ("//", "/./", "/../", "%2f", "%2F"), ("/..", "/.")
_ADDRESS = "must be a DNS name, not an IP address"


class IngressStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        noted, named = _class_annotation(obj), spec.get("ingressClassName")
        found = _validate_spec(spec)
        if noted is not None and named is not None and noted != named:
            where = Path("annotations").child(CLASS_ANNOTATION)
            found.append(invalid(where, noted, "must match `ingressClassName` when both are specified"))
        return found

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}))

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        where = STATUS.child("loadBalancer", "ingress")
        return each(where, obj.get("status", {}).get("loadBalancer", {}).get("ingress") or (), _validate_point)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        if old is not None or _class_annotation(obj) is None or obj.get("spec", {}).get("ingressClassName") is not None:
            return ()
        return [f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"]


def _class_annotation(obj: Object) -> str | None:
    found: str | None = (obj.get("metadata", {}).get("annotations") or {}).get(CLASS_ANNOTATION)
    return found


def _validate_spec(spec: Object) -> Found:
    rules, backend = spec.get("rules") or [], spec.get("defaultBackend")
    found: Found = []
    if not rules and backend is None:
        found.append(invalid(SPEC, rules or None, "either `defaultBackend` or `rules` must be specified"))
    if backend is not None:
        found += _validate_backend(backend, SPEC.child("defaultBackend"))
    found += each(SPEC.child("rules"), rules, _validate_rule)
    found += each(SPEC.child("tls"), spec.get("tls") or (), _validate_tls)
    named = spec.get("ingressClassName")
    if named is not None:
        found += names.complain(SPEC.child("ingressClassName"), named, names.dns1123_subdomain(named))
    return found


def _host_check(host: str) -> names.NameCheck:
    return names.wildcard_dns1123_subdomain if "*" in host else names.dns1123_subdomain


def _validate_tls(tls: Object, path: Path) -> Found:
    found = each(path.child("hosts"), tls.get("hosts") or (), lambda host, at: _complain(at, host, _host_check(host)))
    secret = tls.get("secretName", "")
    return found + (_complain(path.child("secretName"), secret, names.dns1123_subdomain) if secret else [])


def _complain(path: Path, value: str, check: Callable[[str], Sequence[str]]) -> Found:
    return names.complain(path, value, check(value))


def _validate_rule(rule: Object, path: Path) -> Found:
    host, http = rule.get("host", ""), rule.get("http")
    found: Found = []
    if host:
        if addresses.read(host) is not None:
            found.append(invalid(path.child("host"), host, _ADDRESS))
        found += _complain(path.child("host"), host, _host_check(host))
    if http is None:
        return found
    where = path.child("http", "paths")
    if not http.get("paths"):
        found.append(required(where))
    return found + each(where, http.get("paths") or (), _validate_path)


def _validate_path(entry: Object, path: Path) -> Found:
    kind, text, where = entry.get("pathType"), entry.get("path", ""), path.child("path")
    if kind is None:
        return [required(path.child("pathType"), "pathType must be specified")]
    found: Found = []
    if kind not in _PATH_TYPES:
        found.append(not_supported(path.child("pathType"), kind, _PATH_TYPES))
    elif (text or kind != "ImplementationSpecific") and not text.startswith("/"):
        found.append(invalid(where, text, "must be an absolute path"))
    if kind in ("Exact", "Prefix"):
        found += [invalid(where, text, f"must not contain '{part}'") for part in _IN_NO_PATH if part in text]
        found += [invalid(where, text, f"cannot end with '{end}'") for end in _AT_NO_END if text.endswith(end)]
    return found + _validate_backend(entry.get("backend", {}), path.child("backend"))


def _validate_backend(backend: Object, path: Path) -> Found:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        return [invalid(path, "", "cannot set both resource and service backends")]
    if resource is not None:
        return validate_typed_reference(resource, path.child("resource"))
    if service is None:
        return [invalid(path, "", "resource or service backend is required")]
    found = wanted(path.child("service", "name"), service.get("name", ""), names.dns1035_label)
    port, where = service.get("port", {}), path.child("service", "port")
    name, number = port.get("name", ""), port.get("number", 0)
    if name and number:
        return [*found, invalid(path, "", "cannot set both port name & port number")]
    if name:
        return found + names.complain(where.child("name"), name, names.port_name(name))
    if number:
        return found + names.complain(where.child("number"), number, names.port_number(number))
    return [*found, required(path, "port name or number is required")]


def validate_typed_reference(reference: Object, path: Path) -> Found:
    """Of a TypedLocalObjectReference."""
    group = reference.get("apiGroup")
    found = [] if group is None else _complain(path.child("apiGroup"), group, names.dns1123_subdomain)
    found += wanted(path.child("kind"), reference.get("kind", ""), names.path_segment, "kind is required")
    return found + wanted(path.child("name"), reference.get("name", ""), names.path_segment, "name is required")


def _validate_point(point: Object, path: Path) -> Found:
    address, host = point.get("ip", ""), point.get("hostname", "")
    found = addresses.address(path.child("ip"), address) if address else []
    if host:
        found += _complain(path.child("hostname"), host, names.dns1123_subdomain)
        if addresses.read(host) is not None:
            found.append(invalid(path.child("hostname"), host, _ADDRESS))
    for position, port in enumerate(point.get("ports") or ()):
        where = path.child("ports").index(position)
        number = port.get("port", 0)
        found += names.complain(where.child("port"), number, names.port_number(number))
        found += optional_choice(where.child("protocol"), port.get("protocol"), ("SCTP", "TCP", "UDP"))
    return found
