"""Replaces pods of a former template, where nothing else is to be done: pure (update.go rollingUpdate)."""

from collections.abc import Iterator

import msgspec

from wherry.kube.controllers.daemonset.plan import AT_ONCE, Facts, Plan, limits
from wherry.kube.controllers.podcontrol.pods import is_deleting
from wherry.kube.machinery.model import Object


class _Place(msgspec.Struct, frozen=True):
    """A node that should have a pod: those of the present and of a former template that are to stay."""

    name: str
    new: tuple[Object, ...]
    old: tuple[Object, ...]

    @property
    def is_odd(self) -> bool:
        """There is something to be put right there first."""
        return len(self.new) > 1 or len(self.old) > 1


def update(facts: Facts) -> Plan:
    surge, missing = limits(facts)
    planned = _with_surge(facts, surge) if surge else _without(facts, missing)
    del planned.create[AT_ONCE:], planned.delete[AT_ONCE:]
    return planned


def _places(facts: Facts) -> Iterator[_Place]:
    for name in sorted(name for name, fit in facts.nodes.items() if fit.runs):
        alive = [pod for pod in facts.pods.get(name, ()) if not is_deleting(pod)]
        new = tuple(pod for pod in alive if facts.is_updated(pod))
        yield _Place(name, new, tuple(pod for pod in alive if not facts.is_updated(pod)))


def _without(facts: Facts, most: int) -> Plan:
    """Old pods that are not available go at once, others as far as so many may be missing. A node without a pod is one
    where it is missing."""
    planned, missing = Plan(), 0
    candidates: list[Object] = []
    for place in _places(facts):
        if place.is_odd or len(place.new) == len(place.old):
            missing += 1
        elif place.new:
            missing += not facts.is_available(place.new[0])
        elif facts.is_available(place.old[0]):
            candidates.append(place.old[0])
        else:
            missing += 1
            planned.delete.append(place.old[0])
    planned.delete += candidates[: max(most - missing, 0)]
    return planned


def _with_surge(facts: Facts, most: int) -> Plan:
    """A new pod comes beside the old one, which goes when that is available; where the old one is not available
    anyway, the new one does not count."""
    planned, surging = Plan(), 0
    candidates: list[str] = []
    for place in _places(facts):
        if place.is_odd:
            surging += 1
        elif not place.old:
            continue
        elif not facts.is_available(place.old[0]):
            if place.new:
                planned.delete.append(place.old[0])
            else:
                planned.create.append(place.name)
        elif not place.new:
            candidates.append(place.name)
        elif facts.is_available(place.new[0]):
            planned.delete.append(place.old[0])
        else:
            surging += 1
    planned.create += candidates[: max(most - surging, 0)]
    return planned
