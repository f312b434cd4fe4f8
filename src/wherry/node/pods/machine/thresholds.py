"""What a node has too little of, since when, and what it may end pods for (pkg/kubelet/eviction/eviction_manager.go,
synchronize). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wherry.node.pods.machine.facts import Measures
from wherry.node.pods.machine.signals import MEMORY, SIGNALS
from wherry.node.pods.options import Least, Thresholds

_NOTHING = Least()


@dataclass(frozen=True, slots=True)
class Threshold:
    """``grace_seconds``: how long it has to be met before pods go for it; None: it is a hard one, for which they go at
    once. ``reclaim``: how much more there has to be before it is over, once pods went for it."""

    signal: str
    least: Least
    grace_seconds: float | None = None
    reclaim: Least = _NOTHING

    @property
    def is_hard(self) -> bool:
        return self.grace_seconds is None

    @property
    def condition(self) -> str:
        return SIGNALS[self.signal].condition

    @property
    def resource(self) -> str:
        return SIGNALS[self.signal].resource

    def count(self, measures: Measures) -> int:
        """What is to be left, in bytes or pieces."""
        return self.least.of(SIGNALS[self.signal].whole(measures))

    def is_met(self, measures: Measures, with_reclaim: bool = False) -> bool:
        by = SIGNALS[self.signal]
        more = self.reclaim.of(by.whole(measures)) if with_reclaim else 0
        return by.left(measures) < self.count(measures) + more


@dataclass(frozen=True, slots=True)
class Found:
    """``since``: thresholds that are met, and by the clock since when. ``due``: those that pods have to go for, the
    most pressing first."""

    since: Mapping[Threshold, float] = field(default_factory=dict)
    due: tuple[Threshold, ...] = ()

    @property
    def pressures(self) -> dict[str, str]:
        """Types of conditions that hold, whether or not the time to act has come, and the signal that says so."""
        found: dict[str, str] = {}
        for each in self.since:
            found.setdefault(each.condition, each.signal)
        return found


def all_of(thresholds: Thresholds) -> tuple[Threshold, ...]:
    """Hard ones first."""
    more = thresholds.reclaim
    hard = [Threshold(name, it, None, more.get(name, _NOTHING)) for name, it in thresholds.least.items()]
    soft = thresholds.soft.items()
    return (*hard, *(Threshold(name, it.least, it.grace_seconds, more.get(name, _NOTHING)) for name, it in soft))


def look(every: Iterable[Threshold], measures: Measures, before: Found, now: float) -> Found:
    """What follows from what is measured now, and what was found before."""
    met = [each for each in every if each.is_met(measures)]
    met += [each for each in before.due if each not in met and each.is_met(measures, with_reclaim=True)]
    since = {each: before.since.get(each, now) for each in met}
    due = [each for each, begun in since.items() if now - begun >= (each.grace_seconds or 0.0)]
    return Found(since, tuple(sorted(due, key=_order)))


def _order(threshold: Threshold) -> tuple[bool, str, bool]:
    """Memory first: it is what ends the node soonest (byEvictionPriority)."""
    return threshold.condition != MEMORY, threshold.signal, not threshold.is_hard
