"""Disruption budgets: whose loss would be one too many."""

from collections.abc import Iterable

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import LabelSelector
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.selectors import selector_of


class Budget(msgspec.Struct, frozen=True):
    """``allowed``: how many more may go; ``counted``: names of pods that are going and are counted already."""

    selector: LabelSelector
    allowed: int
    counted: frozenset[str]


class Budgets:
    """Kept as they change."""

    def __init__(self) -> None:
        self._budgets: dict[str, dict[str, Budget]] = {}

    def set(self, namespace: str, name: str, obj: Object | None) -> None:
        """None: it is gone."""
        budgets = self._budgets.setdefault(namespace, {})
        if obj is None:
            budgets.pop(name, None)
            return
        status = obj.get("status") or {}
        counted = frozenset(status.get("disruptedPods") or ())
        selector = selector_of((obj.get("spec") or {}).get("selector"))
        budgets[name] = Budget(selector, status.get("disruptionsAllowed") or 0, counted)

    def split(self, pods: Iterable[Pod]) -> tuple[list[Pod], list[Pod]]:
        """Those that a budget wants to keep, when all before them in the list go, too, and the others. An empty
        selector is of no pod here (pkg/scheduler/framework/plugins/defaultpreemption)."""
        left: dict[tuple[str, str], int] = {}
        kept: list[Pod] = []
        free: list[Pod] = []
        for pod in pods:
            violates = False
            for name, budget in self._budgets.get(pod.namespace, {}).items() if pod.labels else ():
                if budget.selector.is_everything or not budget.selector.matches(pod.labels):
                    continue
                if pod.name in budget.counted:
                    continue
                key = pod.namespace, name
                left[key] = left.get(key, budget.allowed) - 1
                violates = violates or left[key] < 0
            (kept if violates else free).append(pod)
        return kept, free
