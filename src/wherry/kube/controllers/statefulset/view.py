"""What sets and their pods say: pure reading."""

import re
from datetime import datetime

from wherry.kube.controllers.history.revisions import REVISION_HASH
from wherry.kube.controllers.podcontrol.pods import is_deleting, is_ready, phase_of, seconds_to_available
from wherry.kube.machinery.intstr import scaled
from wherry.kube.machinery.model import Object

_NAME = re.compile(r"(.*)-([0-9]+)", re.ASCII | re.DOTALL)


def ordinal_of(pod: Object, owner: Object) -> int | None:
    """None: it is no pod of the set's, by its name."""
    found = _NAME.fullmatch(pod["metadata"]["name"])
    if found is None or found[1] != owner["metadata"]["name"]:
        return None
    return int(found[2])


def ordinals_of(owner: Object) -> range:
    """Those that there should be."""
    spec = owner["spec"]
    start = (spec.get("ordinals") or {}).get("start") or 0
    return range(start, start + spec.get("replicas", 1))


def is_parallel(owner: Object) -> bool:
    return bool(owner["spec"].get("podManagementPolicy") == "Parallel")


def rolls(owner: Object) -> bool:
    """Its pods are replaced when its template changes."""
    return bool((owner["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def partition_of(owner: Object) -> int | None:
    """Pods below it (counted from the first one) stay as they are. None: nothing is said about it."""
    rolling = (owner["spec"].get("updateStrategy") or {}).get("rollingUpdate")
    return None if rolling is None else rolling.get("partition") or 0


def max_unavailable(owner: Object) -> int:
    """Pods that an update may have missing at a time; at least one."""
    rolling = (owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return max(scaled(rolling.get("maxUnavailable", 1), len(ordinals_of(owner)), round_up=False), 1)


def revision_of(pod: Object) -> str:
    """The name of its revision."""
    return str((pod["metadata"].get("labels") or {}).get(REVISION_HASH, ""))


def is_running_and_ready(pod: Object) -> bool:
    return phase_of(pod) == "Running" and is_ready(pod)


def seconds_to_go(pod: Object, owner: Object, now: datetime) -> float | None:
    """Until it has been ready for long enough; 0: it has. None: it is not ready, or is being deleted."""
    if phase_of(pod) != "Running" or is_deleting(pod):
        return None
    return seconds_to_available(pod, owner["spec"].get("minReadySeconds") or 0, now)


def is_available(pod: Object, owner: Object, now: datetime) -> bool:
    return seconds_to_go(pod, owner, now) == 0.0
