"""Where pods are missing and which are too many: pure (daemon_controller.go podsShouldBeOnNode)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from wherry.kube.controllers.daemonset.fitting import NO, Fit
from wherry.kube.controllers.daemonset.making import is_updated
from wherry.kube.controllers.podcontrol.pods import is_available, is_deleting, is_ready, phase_of
from wherry.kube.machinery.intstr import scaled
from wherry.kube.machinery.model import Object

AT_ONCE = 250
"""Pods that are made and deleted before the daemon is looked at again (BurstReplicas)."""


class Facts(msgspec.Struct, frozen=True):
    """``nodes`` are all that there are; ``pods`` those of the daemon by the node they run on or are meant for.
    ``hashed`` tells pods of the present template. ``pause`` gives the seconds until a failed pod on a node may be
    killed."""

    owner: Object
    hashed: str
    nodes: Mapping[str, Fit]
    pods: Mapping[str, Sequence[Object]]
    pause: Callable[[str], float]
    now: datetime

    def is_updated(self, pod: Object) -> bool:
        return is_updated(pod, self.owner, self.hashed)

    def is_available(self, pod: Object) -> bool:
        return is_available(pod, self.owner["spec"].get("minReadySeconds") or 0, self.now)


class Plan(msgspec.Struct):
    """``create``: nodes. ``ended``: pods among those of ``delete`` that have ended, and are to be told of. ``again``:
    seconds until there is something to do though nothing happens."""

    create: list[str] = msgspec.field(default_factory=list)
    delete: list[Object] = msgspec.field(default_factory=list)
    ended: list[Object] = msgspec.field(default_factory=list)
    again: float | None = None

    def wait(self, seconds: float) -> None:
        if self.again is None or seconds < self.again:
            self.again = seconds


def limits(facts: Facts) -> tuple[int, int]:
    """Pods beyond one a node and pods missing that an update may cause; percentages of the nodes that have one, rounded
    up. Both cannot be 0."""
    rolling = (facts.owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    total = sum(fit.runs for fit in facts.nodes.values())
    surge = scaled(rolling.get("maxSurge", 0), total, round_up=True)
    missing = scaled(rolling.get("maxUnavailable", 1), total, round_up=True)
    return (surge, missing) if surge or missing else (0, 1)


def rolls(owner: Object) -> bool:
    """Pods are replaced when the template changes."""
    return bool((owner["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def manage(facts: Facts) -> Plan:
    planned = Plan()
    surges = rolls(facts.owner) and limits(facts)[0] > 0
    for name in sorted(facts.nodes.keys() | facts.pods.keys()):
        pods, fit = facts.pods.get(name, ()), facts.nodes.get(name)
        if fit is None:
            # What runs on a node that is gone is others' business; what was meant for it will never run.
            planned.delete += [pod for pod in pods if not pod["spec"].get("nodeName") and not is_deleting(pod)]
        elif fit == NO:
            planned.delete += [pod for pod in pods if not is_deleting(pod)]
        else:
            _on_node(facts, planned, name, surges)
    del planned.create[AT_ONCE:], planned.delete[AT_ONCE:]
    return planned


def _on_node(facts: Facts, planned: Plan, name: str, surges: bool) -> None:
    running = _weed(facts, planned, name)
    if not facts.pods.get(name) or (surges and not running):
        if facts.nodes[name].runs:
            planned.create.append(name)
    elif not surges:
        planned.delete += sorted(running, key=by_age)[1:]
    elif len(running) > 1:
        planned.delete += _beyond_surge(facts, running)


def _weed(facts: Facts, planned: Plan, name: str) -> list[Object]:
    """Pods that run; those that have ended are to go, where they keep failing not too often."""
    running = []
    for pod in facts.pods.get(name, ()):
        phase = phase_of(pod)
        if is_deleting(pod):
            continue
        if phase == "Failed" and (rest := facts.pause(name)):
            planned.wait(rest)
        elif phase in ("Failed", "Succeeded"):
            planned.delete.append(pod)
            planned.ended.append(pod)
        else:
            running.append(pod)
    return running


def _beyond_surge(facts: Facts, running: Sequence[Object]) -> list[Object]:
    """While a new pod is not ready an old one may run beside it, if that one is ready; all others go."""
    in_order = sorted(running, key=by_age)
    new = next((pod for pod in in_order if facts.is_updated(pod)), None)
    old = next((pod for pod in in_order if not facts.is_updated(pod)), None)
    gone = [pod for pod in in_order if pod is not new and pod is not old]
    if new is not None and old is not None and (not is_ready(old) or facts.is_available(new)):
        gone.append(old)
    return gone


def by_age(pod: Object) -> tuple[bool, str, str]:
    """To sort by: pods on a node first, then the oldest."""
    meta = pod["metadata"]
    return not pod["spec"].get("nodeName"), meta.get("creationTimestamp") or "", meta["name"]
