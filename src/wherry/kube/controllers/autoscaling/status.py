"""The status of an autoscaler, as it becomes while it is looked at."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from wherry.kube.controllers.autoscaling.plan import NoMetrics, Proposal
from wherry.kube.machinery import times
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import MILLI, Format, Quantity


class Scaled(msgspec.Struct, frozen=True):
    """Replicas that there are, and that there are to be."""

    current: int
    desired: int


class Status:
    """Begins with what the autoscaler has."""

    def __init__(self, autoscaler: Object, now: datetime) -> None:
        self._meta = autoscaler["metadata"]
        self._before = autoscaler.get("status") or {}
        self._now = times.rfc3339(now)
        self._conditions: dict[str, Object] = {each["type"]: each for each in self._before.get("conditions") or ()}
        self._values: Object = {}

    def set(self, type: str, is_true: bool, reason: str, message: str) -> None:
        """A condition. Its time is that of the last change from true to false or back."""
        before = self._conditions.get(type) or {}
        status = str(is_true)
        turned = before.get("lastTransitionTime") if before.get("status") == status else self._now
        self._conditions[type] = {
            "type": type, "status": status, "reason": reason, "message": message, "lastTransitionTime": turned,
        }  # fmt: skip

    def scaled(self, scaled: Scaled, has_changed: bool = False) -> None:
        self._values |= {"currentReplicas": scaled.current, "desiredReplicas": scaled.desired}
        if has_changed:
            self._values["lastScaleTime"] = self._now

    def measured(self, metrics: Iterable[Object], found: Sequence[Proposal | NoMetrics]) -> None:
        """What was found for each metric; of one that failed nothing."""
        shown = []
        for metric, proposal in zip(metrics, found, strict=True):
            if isinstance(proposal, NoMetrics):
                continue
            key = "resource" if metric["type"] == "Resource" else "containerResource"
            source = metric[key]
            form = Format.BINARY if source["name"] == "memory" else Format.DECIMAL
            current: Object = {"averageValue": str(Quantity(proposal.average * MILLI, form))}
            if proposal.utilization is not None:
                current["averageUtilization"] = proposal.utilization
            where = {"container": source["container"]} if "container" in source else {}
            shown.append({"type": metric["type"], key: {"name": source["name"], **where, "current": current}})
        self._values["currentMetrics"] = shown or None

    @property
    def is_changed(self) -> bool:
        after = self._after()
        return any(self._before.get(key) != value for key, value in after.items())

    def patch(self) -> Object:
        return {"metadata": {"uid": self._meta.get("uid")}, "status": self._after()}

    def _after(self) -> Object:
        conditions = list(self._conditions.values())
        return {**self._values, "observedGeneration": self._meta.get("generation"), "conditions": conditions}
