"""Requests and limits of containers and of pods as a whole."""

from collections.abc import Callable, Collection, Sequence

from msgspec.structs import replace

from wherry.kube.kinds import resourcenames
from wherry.kube.kinds.checking import read_quantity
from wherry.kube.kinds.podspec.remembered import remembered
from wherry.kube.machinery import names, quantity
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, forbidden, invalid, not_found, required
from wherry.kube.machinery.model import Object

_NameRule = Callable[[str, Path], list[FieldError]]
_COMPUTE = ("cpu", "memory")


@remembered
def validate_container_resources(resources: Object, claims: Collection[str], path: Path) -> list[FieldError]:
    """``claims``: the names of the pod's resource claims."""
    return _validate_requirements(resources, resourcenames.validate_container_resource_name, claims, path)


def validate_overhead(overhead: Object, path: Path) -> list[FieldError]:
    return validate_container_resources({"limits": overhead}, (), path)


def _validate_requirements(
    requirements: Object, name_rule: _NameRule, claims: Collection[str], path: Path
) -> list[FieldError]:
    if not requirements:
        return []
    limits, requests = requirements.get("limits") or {}, requirements.get("requests") or {}
    errors: list[FieldError] = []
    limits_path, requests_path = path.child("limits"), path.child("requests")
    for name, amount in limits.items():
        errors += _validate_amount(name, amount, name_rule, limits_path.key(name))
    for name, amount in requests.items():
        at = requests_path.key(name)
        errors += _validate_amount(name, amount, name_rule, at, first=False)
        errors += _validate_request(name, amount, limits, path)
        errors += _validate_huge_pages(name, amount, at)
    named = limits.keys() | requests.keys()
    if not named & set(_COMPUTE) and any(map(resourcenames.is_huge_pages, named)):
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    return errors + _validate_claims(requirements.get("claims") or (), claims, path.child("claims"))


def _validate_amount(
    name: str, amount: quantity.Source, name_rule: _NameRule, path: Path, *, first: bool = True
) -> list[FieldError]:
    errors = [*name_rule(name, path), *resourcenames.validate_amount(name, amount, path)]
    return errors + (_validate_huge_pages(name, amount, path) if first else [])


def _validate_huge_pages(name: str, amount: quantity.Source, path: Path) -> list[FieldError]:
    if not resourcenames.is_huge_pages(name):
        return []
    found, errors = read_quantity(path, amount)
    page = resourcenames.huge_page_bytes(name)
    if not errors and (page == 0 or found.value % page):
        errors = [invalid(path, str(found), f"{found} is not positive integer multiple of {name}")]
    return errors


def _validate_request(name: str, amount: quantity.Source, limits: Object, path: Path) -> list[FieldError]:
    """Against the limit of the same resource."""
    shared = resourcenames.may_overcommit(name)
    if name not in limits:
        return [] if shared else [required(path.child("limits"), "Limit must be set for non overcommitable resources")]
    request, wrong = read_quantity(path, amount)
    limit, wrong_limit = read_quantity(path, limits[name])
    if wrong or wrong_limit:
        return []  # said already
    if request != limit and not shared:
        return [invalid(path.child("requests"), str(request), f"must be equal to {name} limit of {limit}")]
    if request > limit:
        why = f"must be less than or equal to {name} limit of {limit}"
        return [invalid(path.child("requests"), str(request), why)]
    return []


def _validate_claims(claims: Sequence[Object], known: Collection[str], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    seen, named = set[str](), set[str]()
    among = f": {', '.join(sorted(known))}" if known else " which is empty"
    missing = f"must be one of the names in pod.spec.resourceClaims{among}"
    for position, claim in enumerate(claims):
        at, name, request = path.index(position), claim.get("name", ""), claim.get("request", "")
        if not name:
            errors.append(required(at))
            continue
        key = f"{name}/{request}" if request else name
        if request:
            errors += names.complain(at.child("request"), request, names.dns1123_label(request))
        overlaps = not request and name in named
        if name in seen or key in seen or overlaps:
            errors.append(duplicate(at, name if name in seen else key))
        seen.add(key)
        named.add(key.partition("/")[0])
        if name not in known:
            errors.append(replace(not_found(at, name), detail=missing))
    return errors


def validate_pod_resources(spec: Object, path: Path) -> list[FieldError]:
    """Of ``spec.resources``, which limits all containers together."""
    resources = spec.get("resources")
    if resources is None:
        return []
    errors: list[FieldError] = []
    if resources.get("claims"):
        errors.append(forbidden(path.child("claims"), "claims cannot be set for Resources at pod-level"))
    found = {name: resources.get(name) for name in ("limits", "requests")}
    errors += _validate_requirements(found, resourcenames.validate_pod_resource_name, (), path)
    return errors if errors else _validate_consistency(spec, path)


def _validate_consistency(spec: Object, path: Path) -> list[FieldError]:
    """Requests of all containers fit into the pod's, and so does the limit of each."""
    limits, requests = spec["resources"].get("limits") or {}, spec["resources"].get("requests") or {}
    errors: list[FieldError] = []
    for name, total in container_requests(spec).items():
        mine, wrong = read_quantity(path, requests.get(name, 0))
        if not wrong and total > mine:
            why = f"must be greater than or equal to aggregate container requests of {total}"
            errors.append(invalid(path.child("requests").key(name), str(mine), why))
    for position, container in enumerate(spec.get("containers") or ()):
        for name, amount in ((container.get("resources") or {}).get("limits") or {}).items():
            limit, wrong = read_quantity(path, amount)
            most, wrong_most = read_quantity(path, limits.get(name, amount))
            if not wrong and not wrong_most and limit > most:
                at = path.child("containers").index(position).key(name).child("limits")
                errors.append(invalid(at, str(limit), f"must be less than or equal to pod limits of {most}"))
    return errors


def container_requests(spec: Object, kind: str = "requests") -> dict[str, quantity.Quantity]:
    """What all containers ask for together (component-helpers' AggregateContainerRequests): the running ones and the
    sidecars at once, or more where an init container asks for more. What cannot be read counts as nothing."""
    total: dict[str, quantity.Quantity] = {}
    for container in spec.get("containers") or ():
        _add(total, _amounts(container, kind))
    sidecars: dict[str, quantity.Quantity] = {}
    peak: dict[str, quantity.Quantity] = {}
    for container in spec.get("initContainers") or ():
        amounts = _amounts(container, kind)
        if container.get("restartPolicy") == "Always":
            _add(total, amounts)
            _add(sidecars, amounts)
            _raise(peak, sidecars)
        else:
            together = dict(sidecars)
            _add(together, amounts)
            _raise(peak, together)
    _raise(total, peak)
    return total


def _amounts(container: Object, kind: str) -> dict[str, quantity.Quantity]:
    nowhere = Path()
    amounts = (container.get("resources") or {}).get(kind) or {}
    return {name: read_quantity(nowhere, amount)[0] for name, amount in amounts.items()}


def _add(total: dict[str, quantity.Quantity], more: dict[str, quantity.Quantity]) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise(total: dict[str, quantity.Quantity], other: dict[str, quantity.Quantity]) -> None:
    for name, amount in other.items():
        if name not in total or amount > total[name]:
            total[name] = amount
