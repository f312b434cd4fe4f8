"""Who would have to go so that a pod fits (pkg/scheduler/framework/preemption, …/plugins/defaultpreemption). Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from wherry.kube.scheduler.asking import Asking, Filter
from wherry.kube.scheduler.budgets import Budgets
from wherry.kube.scheduler.decision import Nominated, available
from wherry.kube.scheduler.model import Pod, more_important
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.refusals import Plugin, Refusal
from wherry.kube.scheduler.trial import Trial, contenders

NEVER = "not eligible due to preemptionPolicy=Never."
WAITING = "not eligible due to a terminating pod on the nominated node."
NO_HELP = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
_LOWEST = 1 << 31
"""Added to priorities, so that none is negative and more victims are never a smaller sum."""


class Preemption(msgspec.Struct, frozen=True):
    budgets: Budgets
    random: Random


def victims(
    asking: Asking, filters: Sequence[Filter], refusals: Mapping[int, Refusal], means: Preemption
) -> Nominated | str:
    """The node where the least harm is done, and whom to; or why there is none. ``refusals`` by slot."""
    pod, cluster, profile = asking.pod, asking.cluster, asking.profile
    if pod.shape.never_preempts:
        return NEVER
    if _waits(asking, refusals):
        return WAITING
    hopeful = [slot for slot, refusal in refusals.items() if refusal.resolvable]
    candidates: list[Nominated] = []
    said: Counter[str] = Counter()
    if hopeful:
        wanted = min(max(len(hopeful) * profile.victim_percentage // 100, profile.victim_nodes), len(hopeful))
        offset = means.random.randrange(len(hopeful))
        for slot in (*hopeful[offset:], *hopeful[:offset]):
            node = cluster.slots[slot]
            assert node is not None
            found = _on(asking, filters, node, means.budgets)
            if isinstance(found, Nominated):
                candidates.append(found)
                if len(candidates) >= wanted and any(not each.violations for each in candidates):
                    break
            else:
                said.update(found.reasons)
    if candidates:
        return min(candidates, key=_harm)
    said[NO_HELP] += len(cluster) - len(hopeful)
    return available(len(cluster), +said)


def _waits(asking: Asking, refusals: Mapping[int, Refusal]) -> bool:
    """Somebody is already on the way out for the pod: no others are sent after."""
    cluster = asking.cluster
    node = cluster.nodes.get(cluster.nomination(asking.pod.uid) or asking.pod.nominated)
    if node is None:
        return False
    refusal = refusals.get(node.slot)
    if refusal is not None and not refusal.resolvable:
        return False
    return any(pod.preempted and _may_go(pod, asking.pod) for pod in node.pods.values())


def _may_go(victim: Pod, pod: Pod) -> bool:
    return victim.shape.priority < pod.shape.priority


def _on(asking: Asking, filters: Sequence[Filter], node: Node, budgets: Budgets) -> Nominated | Refusal:
    """Take off all who may go, then let stay whom there is room for: first those that a budget wants to keep, and of
    each the more important ones."""
    pods = sorted((pod for pod in node.pods.values() if _may_go(pod, asking.pod)), key=more_important)
    if not pods:
        return Refusal(Plugin.PREEMPTION, (NO_VICTIMS,))
    trial = Trial(asking, filters, node)
    for pod in contenders(asking, node):
        trial.add(pod)
    for pod in pods:
        trial.remove(pod)
    refusal = trial.refusal()
    if refusal is not None:
        return refusal
    kept, free = budgets.split(pods)
    gone: list[Pod] = []
    for pod in (*kept, *free):
        trial.add(pod)
        if trial.refusal() is not None:
            trial.remove(pod)
            gone.append(pod)
    if not gone:
        return Refusal(Plugin.PREEMPTION, (NO_VICTIMS,))
    return Nominated(node.name, tuple(sorted(gone, key=more_important)), sum(pod in kept for pod in gone))


def _harm(found: Nominated) -> tuple[object, ...]:
    """Less is better: budgets violated, the most important victim, the sum of their importance, their number; and
    of the most important ones, that the one that has run longest has not run long."""
    highest = found.victims[0].shape.priority
    longest = min((pod.started or "~") for pod in found.victims if pod.shape.priority == highest)
    return (
        found.violations,
        highest,
        sum(pod.shape.priority + _LOWEST for pod in found.victims),
        len(found.victims),
        tuple(-ord(each) for each in longest),
    )
