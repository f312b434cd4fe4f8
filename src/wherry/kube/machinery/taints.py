"""Taints of nodes, and what pods tolerate (k8s.io/component-helpers scheduling/corev1, core/v1 Toleration).

Read once and compared often: tuples, not documents.
"""

from collections.abc import Iterable
from typing import NamedTuple

from wherry.kube.machinery.model import Object

NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE = "NoSchedule", "NoExecute", "PreferNoSchedule"


class Taint(NamedTuple):
    key: str
    value: str
    effect: str

    @property
    def forbids(self) -> bool:
        """Pods that do not tolerate it may not be scheduled there."""
        return self.effect in (NO_SCHEDULE, NO_EXECUTE)

    def __str__(self) -> str:
        """For people: ``key=value``."""
        return f"{self.key}={self.value}" if self.value else self.key


class Toleration(NamedTuple):
    """``exists``: of any value. Empty ``key``: any; empty ``effect``: any."""

    key: str
    exists: bool
    value: str
    effect: str

    def tolerates(self, taint: Taint) -> bool:
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        return self.exists or (bool(self.key) and self.value == taint.value)


def taints_of(node: Object) -> tuple[Taint, ...]:
    """Of a Node, in its order."""
    return tuple(map(taint_of, (node.get("spec") or {}).get("taints") or ()))


def taint_of(document: Object) -> Taint:
    return Taint(document.get("key") or "", document.get("value") or "", document.get("effect") or "")


def tolerations_of(documents: Iterable[Object] | None) -> tuple[Toleration, ...]:
    """Of ``spec.tolerations``. Those of other operators than Equal and Exists tolerate nothing and are left out."""
    return tuple(found for each in documents or () if (found := toleration_of(each)) is not None)


def toleration_of(document: Object) -> Toleration | None:
    """None: it tolerates nothing."""
    operator = document.get("operator") or "Equal"
    if operator not in ("Equal", "Exists"):
        return None
    exists = operator == "Exists"
    return Toleration(document.get("key") or "", exists, document.get("value") or "", document.get("effect") or "")


def tolerated(taint: Taint, tolerations: Iterable[Toleration]) -> bool:
    return any(each.tolerates(taint) for each in tolerations)
