"""Defaults and rules of PriorityLevelConfigurations (k8s.io/kubernetes pkg/apis/flowcontrol)."""

from collections.abc import Sequence
from math import ceil, log2

from wherry.kube.kinds.checking import same, set_default
from wherry.kube.kinds.flowschema.strategy import NOT_ENFORCED, validate_status
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found, name_of, without
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_MAX_QUEUES = 10_000_000
_MAX_ENTROPY = 60
"""Bits of a hash by which a flow is dealt its queues."""
_MANDATORY: dict[str, Object] = {
    "exempt": {"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}},
    "catch-all": {
        "type": "Limited",
        "limited": {"nominalConcurrencyShares": 5, "limitResponse": {"type": "Reject"}, "lendablePercent": 0},
    },
}


def mandatory() -> dict[str, Object]:
    """The specifications of those that a server cannot be without (pkg/apis/flowcontrol/bootstrap), by name."""
    return _MANDATORY


class PriorityLevelConfigurationStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        if (exempt := spec.get("exempt")) is not None:
            set_default(exempt, nominalConcurrencyShares=0, lendablePercent=0)
        if (limited := spec.get("limited")) is None:
            return
        set_default(limited, nominalConcurrencyShares=30, lendablePercent=0)
        queuing = limited.setdefault("limitResponse", {}).get("queuing")
        for name, value in (("handSize", 8), ("queues", 64), ("queueLengthLimit", 50)) if queuing is not None else ():
            queuing[name] = queuing.get(name) or value

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec, name = obj.get("spec", {}), name_of(obj)
        return _validate_spec(spec, name) + _validate_fixed(spec, name)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return validate_status(obj.get("status", {}))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return (NOT_ENFORCED,)


def _validate_spec(spec: Object, name: str) -> Found:
    kind, limited, exempt, found = spec.get("type", ""), spec.get("limited"), spec.get("exempt"), Found()
    if (name == "exempt") != (kind == "Exempt"):
        found.append(invalid(SPEC.child("type"), kind, "type must be 'Exempt' if and only if name is 'exempt'"))
    if kind == "Exempt":
        if limited is not None:
            found.append(forbidden(SPEC.child("limited"), "must be nil if the type is not Limited"))
        return found + _validate_shares(exempt or {}, SPEC.child("exempt"))
    if kind != "Limited":
        return [*found, not_supported(SPEC.child("type"), kind, ("Exempt", "Limited"))]
    if exempt is not None:
        found.append(forbidden(SPEC.child("exempt"), "must be nil if the type is Limited"))
    if limited is None:
        return [*found, required(SPEC.child("limited"), "must not be empty when type is Limited")]
    return found + _validate_limited(limited, SPEC.child("limited"))


def _validate_fixed(spec: Object, name: str) -> Found:
    fixed = mandatory().get(name)
    if fixed is None:
        return []
    free = ("exempt",) if name == "exempt" else ()
    if same({**without(spec, *free)}, {**without(fixed, *free)}):
        return []
    but = " except the 'spec.exempt' field" if free else ""
    return [invalid(SPEC, spec, f"spec of '{name}'{but} must equal the fixed value")]


def _validate_shares(level: Object, path: Path) -> Found:
    shares, lent, found = level.get("nominalConcurrencyShares", 0), level.get("lendablePercent", 0), Found()
    if shares < 0:
        found.append(invalid(path.child("nominalConcurrencyShares"), shares, "must be a non-negative integer"))
    if not 0 <= lent <= 100:
        found.append(invalid(path.child("lendablePercent"), lent, "must be between 0 and 100, inclusive"))
    return found


def _validate_limited(limited: Object, path: Path) -> Found:
    response, where = limited.get("limitResponse", {}), path.child("limitResponse")
    found = _validate_shares(limited, path) + _validate_response(response, where)
    borrowed = limited.get("borrowingLimitPercent")
    if borrowed is not None and borrowed < 0:
        why = "if specified, must be a non-negative integer"
        found.append(invalid(path.child("borrowingLimitPercent"), borrowed, why))
    return found


def _validate_response(response: Object, path: Path) -> Found:
    kind, queuing, where = response.get("type", ""), response.get("queuing"), path.child("queuing")
    if kind == "Reject":
        why = "must be nil if limited.limitResponse.type is not Limited"
        return [] if queuing is None else [forbidden(where, why)]
    if kind != "Queue":
        return [not_supported(path.child("type"), kind, ("Queue", "Reject"))]
    if queuing is None:
        return [required(where, "must not be empty if limited.limitResponse.type is Limited")]
    return _validate_queues(queuing, where)


def _validate_queues(queuing: Object, path: Path) -> Found:
    length, queues, hand = (queuing.get(name, 0) for name in ("queueLengthLimit", "queues", "handSize"))
    found: Found = []
    if length <= 0:
        found.append(invalid(path.child("queueLengthLimit"), length, "must be positive"))
    if queues <= 0:
        found.append(invalid(path.child("queues"), queues, "must be positive"))
    elif queues > _MAX_QUEUES:
        found.append(invalid(path.child("queues"), queues, f"must not be greater than {_MAX_QUEUES}"))
    where = path.child("handSize")
    if hand <= 0:
        found.append(invalid(where, hand, "must be positive"))
    elif hand > queues:
        found.append(invalid(where, hand, f"should not be greater than queues ({queues})"))
    elif entropy_bits(queues, hand) > _MAX_ENTROPY:
        why = (
            f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {_MAX_ENTROPY}"
        )
        found.append(invalid(where, hand, why))
    return found


def entropy_bits(deck: int, hand: int) -> int:
    """How many bits of a hash are used at most to deal a hand of so many cards (pkg/util/shufflesharding)."""
    return ceil(log2(deck) * hand)
