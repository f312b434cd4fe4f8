"""How fast a recommendation may be followed: pure (podautoscaler/horizontal.go, the …WithBehaviors functions)."""

from collections.abc import Sequence
from math import ceil

import msgspec

from wherry.kube.controllers.autoscaling.plan import TOLERANCE
from wherry.kube.machinery import quantity
from wherry.kube.machinery.model import Object

_DOWN_SECONDS = 300
"""kube-controller-manager --horizontal-pod-autoscaler-downscale-stabilization."""
_UP_POLICIES = (
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
)
_DOWN_POLICIES = ({"type": "Percent", "value": 100, "periodSeconds": 15},)
_LONGEST_SECONDS = 3600.0


class Rules(msgspec.Struct, frozen=True):
    """Of one direction. ``select`` is Max, Min or Disabled."""

    window_seconds: float
    select: str
    policies: Sequence[Object]
    tolerance: float = TOLERANCE
    """So far from the target is as good as on it (of 1)."""


class Limits(msgspec.Struct, frozen=True):
    """What an autoscaler allows."""

    minimum: int
    maximum: int
    up: Rules
    down: Rules


class Step(msgspec.Struct, frozen=True):
    """How many there may be now. ``limited``: reason and message of the condition ScalingLimited, empty when it is not;
    ``steadied``: of AbleToScale, when an older recommendation counts for more."""

    replicas: int
    limited: tuple[str, str] = ("", "")
    steadied: tuple[str, str] = ("", "")


class Past(msgspec.Struct):
    """Of one autoscaler: what was recommended, and by how much was scaled; with times."""

    recommended: list[tuple[float, int]] = msgspec.field(default_factory=list)
    scaled: list[tuple[float, int]] = msgspec.field(default_factory=list)

    def prune(self, now: float) -> None:
        self.recommended = [each for each in self.recommended if now - each[0] <= _LONGEST_SECONDS]
        self.scaled = [each for each in self.scaled if now - each[0] <= _LONGEST_SECONDS]


def limits(spec: Object) -> Limits:
    """From an autoscaler's spec, with what is the default (autoscaling/v2 defaults.go)."""
    behavior = spec.get("behavior") or {}
    minimum = spec.get("minReplicas")
    return Limits(
        1 if minimum is None else minimum,
        spec["maxReplicas"],
        _rules(behavior.get("scaleUp") or {}, 0, _UP_POLICIES),
        _rules(behavior.get("scaleDown") or {}, _DOWN_SECONDS, _DOWN_POLICIES),
    )


def _rules(given: Object, window: int, policies: Sequence[Object]) -> Rules:
    asked = given.get("stabilizationWindowSeconds")
    return Rules(
        float(window if asked is None else asked),
        given.get("selectPolicy") or "Max",
        given.get("policies") or policies,
        TOLERANCE if given.get("tolerance") is None else quantity.parse(given["tolerance"]).milli / 1000,
    )


_RECENT = "recent recommendations were {} than current one, applying the {} recent recommendation"
_STEADIED = {
    True: ("ScaleUpStabilized", _RECENT.format("lower", "lowest")),
    False: ("ScaleDownStabilized", _RECENT.format("higher", "highest")),
}


def follow(current: int, wanted: int, allowed: Limits, past: Past, now: float) -> Step:
    """Remembers the recommendation."""
    steady = _steady(current, wanted, allowed, past, now)
    past.recommended.append((now, wanted))
    replicas, *limited = _limited(current, steady, allowed, past, now)
    return Step(replicas, (limited[0], limited[1]), _STEADIED[wanted >= current] if steady != wanted else ("", ""))


def _limited(current: int, steady: int, allowed: Limits, past: Past, now: float) -> tuple[int, str, str]:
    if steady > current:
        limit = max(current, _most(current, allowed.up, past, now))
        most = min(allowed.maximum, limit)
        if steady > most:
            if allowed.maximum <= limit:
                return most, "TooManyReplicas", "the desired replica count is more than the maximum replica count"
            return most, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate"
    elif steady < current:
        limit = min(current, _least(current, allowed.down, past, now))
        least = max(allowed.minimum, limit)
        if steady < least:
            if allowed.minimum >= limit:
                return least, "TooFewReplicas", "the desired replica count is less than the minimum replica count"
            return least, "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate"
    if steady > allowed.maximum:
        message = "the desired replica count is more than the maximum replica count"
        return allowed.maximum, "TooManyReplicas", message
    if steady < allowed.minimum:
        message = "the desired replica count is less than the minimum replica count"
        return allowed.minimum, "TooFewReplicas", message
    return steady, "", ""


def _steady(current: int, wanted: int, allowed: Limits, past: Past, now: float) -> int:
    """Up by no more than the least that was recommended in a while, down by no less than the most."""
    up = min([wanted, *(n for when, n in past.recommended if when > now - allowed.up.window_seconds)])
    down = max([wanted, *(n for when, n in past.recommended if when > now - allowed.down.window_seconds)])
    return min(max(current, up), down)


def _most(current: int, rules: Rules, past: Past, now: float) -> int:
    if rules.select == "Disabled":
        return current
    found: list[int] = []
    for policy in rules.policies:
        start = _at_start(current, policy, past, now)
        by_count = policy["type"] == "Pods"
        found.append(start + policy["value"] if by_count else ceil(start * (100 + policy["value"]) / 100))
    return min(found) if rules.select == "Min" else max(found)


def _least(current: int, rules: Rules, past: Past, now: float) -> int:
    if rules.select == "Disabled":
        return current
    found: list[int] = []
    for policy in rules.policies:
        start = _at_start(current, policy, past, now)
        by_count = policy["type"] == "Pods"
        found.append(start - policy["value"] if by_count else start * (100 - policy["value"]) // 100)
    return max(found) if rules.select == "Min" else min(found)


def _at_start(current: int, policy: Object, past: Past, now: float) -> int:
    """How many there were when the policy's period began."""
    return current - sum(change for when, change in past.scaled if when > now - policy["periodSeconds"])
