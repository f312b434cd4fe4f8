"""What is asked of devices: the specification of claims (k8s.io/kubernetes pkg/apis/resource)."""

from collections.abc import Iterator, Mapping, Sequence

from wherry.kube.kinds.checking import set_default
from wherry.kube.kinds.devices.naming import class_name, domain_and_name, request_name
from wherry.kube.kinds.devices.parts import (
    itself,
    keyed,
    listed,
    named,
    validate_configuration,
    validate_expression,
    validate_selectors,
    validate_toleration,
)
from wherry.kube.kinds.rules import Found, canonical, distinct, each
from wherry.kube.machinery.fielderrors import Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

MAX_REQUESTS = MAX_CONSTRAINTS = MAX_CONFIGURATIONS = 32
_MAX_ALTERNATIVES, _MAX_TOLERATIONS = 8, 16
_MODES = ("All", "ExactCount")
_EITHER = "exactly one of `exactly` or `firstAvailable` is required"
_UNKNOWN = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_ADMIN = "this server does not look at the namespace's label for administrative access yet: no claim has it"
_NOT_COMPARED = (
    "must be referenced by at least one matchAttribute or distinctAttribute constraint targeting this request"
)
Requests = Mapping[str, frozenset[str]]
"""The names of a claim's requests, and those of their alternatives."""


def default_claim(spec: Object) -> None:
    for request in _all_requests(spec.get("devices", {})):
        set_default(request, allocationMode="ExactCount")
        if request["allocationMode"] == "ExactCount" and not request.get("count"):
            request["count"] = 1
        for toleration in request.get("tolerations") or ():
            set_default(toleration, operator="Equal")
        wanted = request.get("capacity", {}).get("requests") or {}
        canonical(wanted, *wanted)


def _all_requests(devices: Object) -> Iterator[Object]:
    for request in devices.get("requests") or ():
        if request.get("exactly") is not None:
            yield request["exactly"]
        yield from request.get("firstAvailable") or ()


def names_of_requests(devices: Object) -> Requests:
    return {
        named(request): frozenset(map(named, request.get("firstAvailable") or ()))
        for request in devices.get("requests") or ()
    }


def validate_claim(spec: Object, path: Path) -> Found:
    devices, where = spec.get("devices", {}), path.child("devices")
    known = names_of_requests(devices)
    requests, constraints = devices.get("requests") or (), devices.get("constraints") or ()
    used = _attributes(constraints)

    def validate_request(request: Object, path: Path) -> Found:
        return _validate_request(request, used, path)

    def validate_constraint(constraint: Object, path: Path) -> Found:
        return _validate_constraint(constraint, known, path)

    def validate_config(config: Object, path: Path) -> Found:
        found = validate_references(config.get("requests") or (), known, path.child("requests"))
        return found + validate_configuration(config, path)

    found = keyed(where.child("requests"), requests, MAX_REQUESTS, validate_request, named)
    found += listed(where.child("constraints"), constraints, MAX_CONSTRAINTS, validate_constraint)
    return found + listed(where.child("config"), devices.get("config") or (), MAX_CONFIGURATIONS, validate_config)


def validate_references(references: Sequence[str], known: Requests, path: Path) -> Found:
    def check(reference: str, path: Path) -> Found:
        return validate_reference(reference, known, path)

    return keyed(path, references, MAX_REQUESTS, check, itself)


def validate_reference(reference: str, known: Requests, path: Path) -> Found:
    """``request`` or ``request/alternative``."""
    parts = reference.split("/")
    if len(parts) > 2:
        return [invalid(path, reference, _UNKNOWN)]
    found = [error for part in parts for error in request_name(path, part)]
    exists = parts[0] in known and (len(parts) == 1 or parts[1] in known[parts[0]])
    return found if exists else [*found, invalid(path, reference, _UNKNOWN)]


def _validate_request(request: Object, used: Mapping[str, set[str]], path: Path) -> Found:
    name, exactly, alternatives = named(request), request.get("exactly"), request.get("firstAvailable") or ()
    found = request_name(path.child("name"), name)
    if exactly is None and not alternatives:
        return [*found, required(path, _EITHER)]
    if exactly is not None and alternatives:
        return [*found, invalid(path, None, f"{_EITHER}, but multiple fields are set")]
    if exactly is not None:
        where = path.child("exactly")
        found += _validate_exact(exactly, where) + _validate_derived(exactly, used, ("", name), where)
        return found

    def validate_alternative(alternative: Object, path: Path) -> Found:
        own = named(alternative)
        found = request_name(path.child("name"), own) + _validate_exact(alternative, path)
        return found + _validate_derived(alternative, used, ("", name, f"{name}/{own}"), path)

    where = path.child("firstAvailable")
    return found + keyed(where, alternatives, _MAX_ALTERNATIVES, validate_alternative, named)


def _validate_exact(request: Object, path: Path) -> Found:
    found = class_name(path.child("deviceClassName"), request.get("deviceClassName", ""))
    found += validate_selectors(request.get("selectors") or (), path.child("selectors"))
    mode, count = request.get("allocationMode", ""), request.get("count", 0)
    if mode == "All" and count:
        why = f"must not be specified when allocationMode is '{mode}'"
        found.append(invalid(path.child("count"), count, why))
    elif mode == "ExactCount" and count <= 0:
        found.append(invalid(path.child("count"), count, "must be greater than zero"))
    elif mode not in _MODES:
        found.append(not_supported(path.child("allocationMode"), mode, _MODES))
    if request.get("adminAccess"):
        found.append(forbidden(path.child("adminAccess"), _ADMIN))
    where = path.child("tolerations")
    return found + listed(where, request.get("tolerations") or (), _MAX_TOLERATIONS, validate_toleration)


def _attributes(constraints: Sequence[Object]) -> Mapping[str, set[str]]:
    """Which attributes are compared, by the request (or alternative) they are compared for; "" is all of them."""
    found: dict[str, set[str]] = {}
    for constraint in constraints:
        attribute = constraint.get("matchAttribute") or constraint.get("distinctAttribute")
        for reference in constraint.get("requests") or ("",):
            found.setdefault(reference, set()).add(str(attribute))
    return found


def _validate_derived(request: Object, used: Mapping[str, set[str]], scopes: Sequence[str], path: Path) -> Found:
    """Attributes that are computed for each device: each must be compared by something."""
    derived, where = request.get("derivedAttributes") or (), path.child("derivedAttributes")
    compared = {attribute for scope in scopes for attribute in used.get(scope, ())}

    def check(attribute: Object, path: Path) -> Found:
        name = named(attribute)
        found = domain_and_name(path.child("name"), name) if name else [required(path.child("name"))]
        if name and name not in compared:
            found.append(invalid(path.child("name"), name, _NOT_COMPARED))
        return found + validate_expression(attribute.get("expression", ""), path.child("expression"))

    return each(where, derived, check) + distinct(where, map(named, derived))


def _validate_constraint(constraint: Object, known: Requests, path: Path) -> Found:
    found = validate_references(constraint.get("requests") or (), known, path.child("requests"))
    there = [name for name in ("matchAttribute", "distinctAttribute") if constraint.get(name) is not None]
    if len(there) != 1:
        detail = ", but multiple fields are set"  # upstream says it in either case
        return [*found, required(path, f'exactly one of "matchAttribute" or "distinctAttribute" is required{detail}')]
    return found + domain_and_name(path.child(there[0]), constraint[there[0]])
