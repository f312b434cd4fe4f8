"""Nodes on their way to the store (ValidateNode, ValidateNodeUpdate)."""

from collections.abc import Sequence

from wherry.kube.kinds.addresses import network, read_network
from wherry.kube.kinds.checking import canonical_resources
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.podspec.scheduling import EFFECTS
from wherry.kube.kinds.resourcenames import validate_amount
from wherry.kube.kinds.rules import distinct
from wherry.kube.kinds.uncounted import Uncounted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import (
    ErrorType,
    FieldError,
    Path,
    forbidden,
    invalid,
    not_supported,
    required,
)
from wherry.kube.machinery.model import Object

_SPEC, _STATUS = Path("spec"), Path("status")
_TAINTS = Path("metadata").child("taints")  # so upstream calls it
_NETWORKS = _SPEC.child("podCIDRs")


class NodeStrategy(Uncounted):
    """See the module."""

    def default(self, obj: Object) -> None:
        spec, status = obj.setdefault("spec", {}), obj.get("status") or {}
        capacity = status.get("capacity")
        if capacity is not None and status.get("allocatable") is None:
            status["allocatable"] = dict(capacity)
        canonical_resources(capacity)
        canonical_resources(status.get("allocatable"))
        _mirror_networks(spec)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        errors = validate_taints(spec.get("taints") or (), _TAINTS)
        errors += _validate_resources(status)
        return errors + _validate_networks(spec.get("podCIDRs") or [])

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        spec, before = obj.get("spec") or {}, old.get("spec") or {}
        errors = _validate_resources(obj.get("status") or {})
        errors += _validate_addresses(obj.get("status") or {})
        only_once = 'except from "" to valid'
        if before.get("podCIDRs") and spec.get("podCIDRs") != before["podCIDRs"]:
            errors.append(forbidden(_NETWORKS, f"node updates may not change podCIDR {only_once}"))
        if before.get("providerID") and spec.get("providerID") != before["providerID"]:
            errors.append(forbidden(_SPEC.child("providerID"), f"node updates may not change providerID {only_once}"))
        errors += validate_taints(spec.get("taints") or (), _TAINTS)
        if (spec.get("externalID") or "") != (before.get("externalID") or ""):
            errors.append(forbidden(_SPEC.child("externalID"), "may not be updated"))
        return errors

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return self.validate_update(obj, old, context)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        found: list[str] = []
        if (obj.get("spec") or {}).get("configSource") is not None:
            found.append("spec.configSource: the feature is no longer available")
        if (obj.get("spec") or {}).get("externalID"):
            found.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
        return found


def _mirror_networks(spec: Object) -> None:
    """``podCIDR`` is the first of ``podCIDRs``, whichever was given."""
    one, many = spec.get("podCIDR") or "", spec.get("podCIDRs") or []
    if one and (not many or many[0] != one):
        spec["podCIDRs"] = [one]
    elif many and not one:
        spec["podCIDR"] = many[0]


def validate_taints(taints: Sequence[Object], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for position, taint in enumerate(taints):
        at, key, effect = path.index(position), taint.get("key", ""), taint.get("effect", "")
        errors += names.complain(at.child("key"), key, names.qualified_name(key))
        value = taint.get("value") or ""
        if complaints := names.label_value(value):
            errors.append(invalid(at.child("value"), value, ";".join(complaints)))
        if not effect:
            errors.append(required(at.child("effect")))
        elif effect not in EFFECTS:
            errors.append(not_supported(at.child("effect"), effect, EFFECTS))
        if (key, effect) in seen:
            unique = "taints must be unique by key and effect pair"
            errors.append(FieldError(ErrorType.DUPLICATE, at, taint, unique))
        seen.add((key, effect))
    return errors


def _validate_resources(status: Object) -> list[FieldError]:
    return [
        error
        for field in ("capacity", "allocatable")
        for name, amount in (status.get(field) or {}).items()
        for error in validate_amount(name, amount, _STATUS.child(field, name))
    ]


def _validate_addresses(status: Object) -> list[FieldError]:
    addresses = status.get("addresses") or []
    return distinct(_STATUS.child("addresses"), addresses)


def _validate_networks(networks: list[str]) -> list[FieldError]:
    errors = [error for position, each in enumerate(networks) for error in network(_NETWORKS.index(position), each)]
    if len(networks) < 2:
        return errors
    parsed = [read_network(each) for each in networks]
    versions = {each[1].version for each in parsed if each is not None}
    if len(networks) > 2 or len(versions) != 2:
        errors.append(invalid(_NETWORKS, networks, "may specify no more than one CIDR for each IP family"))
    return errors + distinct(_NETWORKS, networks)
