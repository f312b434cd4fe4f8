"""Whether a daemon's pod may run on a node: pure (daemon_controller.go NodeShouldRunDaemonPod; the scheduler's rules
for node affinity and taints)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import Requirement, of_labels

_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt"}


@dataclass(frozen=True, slots=True)
class Fit:
    """``runs``: there should be a pod. ``stays``: one that is there already may go on (the node has a taint that is
    for new pods alone)."""

    runs: bool
    stays: bool


NO, STAYS, RUNS = Fit(False, False), Fit(False, True), Fit(True, True)


def fit(spec: Object, tolerations: Sequence[Object], node: Object) -> Fit:
    """``spec`` is that of the pod template, ``tolerations`` are its and those that all daemons have."""
    name, taints = node["metadata"]["name"], (node.get("spec") or {}).get("taints") or ()
    if spec.get("nodeName") not in (None, "", name) or not matches_affinity(spec, node):
        return NO
    bad = {taint.get("effect") for taint in taints if not tolerated(taint, tolerations)}
    if "NoExecute" in bad:
        return NO
    return STAYS if "NoSchedule" in bad else RUNS


def tolerated(taint: Object, tolerations: Iterable[Object]) -> bool:
    return any(tolerates(each, taint) for each in tolerations)


def tolerates(toleration: Object, taint: Object) -> bool:
    """core/v1 Toleration.ToleratesTaint."""
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("key") not in (None, "", taint.get("key")):
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    return bool(operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or ""))


def matches_affinity(spec: Object, node: Object) -> bool:
    """``nodeSelector`` and the node affinity that is required."""
    labels = node["metadata"].get("labels") or {}
    if not of_labels(spec.get("nodeSelector")).matches(labels):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(_matches_term(term, node) for term in required.get("nodeSelectorTerms") or ())


def _matches_term(term: Object, node: Object) -> bool:
    """An empty one matches nothing."""
    labels, fields = node["metadata"].get("labels") or {}, {"metadata.name": node["metadata"]["name"]}
    wanted = [(each, labels) for each in term.get("matchExpressions") or ()]
    wanted += [(each, fields) for each in term.get("matchFields") or ()]
    return bool(wanted) and all(_requirement(each).matches(values) for each, values in wanted)


def _requirement(expression: Object) -> Requirement:
    operator = _OPERATORS.get(expression.get("operator", ""), "in")
    return Requirement(expression.get("key", ""), operator, tuple(expression.get("values") or ()))
