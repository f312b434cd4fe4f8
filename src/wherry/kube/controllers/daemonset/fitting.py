"""Whether a daemon's pod may run on a node: pure (daemon_controller.go NodeShouldRunDaemonPod; the scheduler's rules
for node affinity and taints)."""

from collections.abc import Sequence

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import node_demand
from wherry.kube.machinery.taints import NO_EXECUTE, NO_SCHEDULE, taints_of, tolerated, tolerations_of


class Fit(msgspec.Struct, frozen=True):
    """``runs``: there should be a pod. ``stays``: one that is there already may go on (the node has a taint that is
    for new pods alone)."""

    runs: bool
    stays: bool


NO, STAYS, RUNS = Fit(False, False), Fit(False, True), Fit(True, True)


def fit(spec: Object, tolerations: Sequence[Object], node: Object) -> Fit:
    """``spec`` is that of the pod template, ``tolerations`` are its and those that all daemons have."""
    meta, mine = node["metadata"], tolerations_of(tolerations)
    if spec.get("nodeName") not in (None, "", meta["name"]):
        return NO
    if not node_demand(spec).matches(meta["name"], meta.get("labels") or {}):
        return NO
    bad = {taint.effect for taint in taints_of(node) if not tolerated(taint, mine)}
    if NO_EXECUTE in bad:
        return NO
    return STAYS if NO_SCHEDULE in bad else RUNS
