"""How many nodes are ready, and how many pods are on them in which phase: kept as changes are heard of. No I/O."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.node.pods import view

_NOT_READY = "node.kubernetes.io/not-ready"
_READY = "Ready"


@dataclass(frozen=True, slots=True)
class Progress:
    """``ready`` of ``nodes`` can be given pods. Of ``pods`` so many are ready; ``ended`` have succeeded or failed;
    ``leaving`` have been deleted, and are there yet."""

    nodes: int = 0
    ready: int = 0
    pods: int = 0
    pods_ready: int = 0
    ended: int = 0
    leaving: int = 0


class Counts:
    """Hears of all nodes and pods. ``is_ours`` says by its name whether a node is one of those that count."""

    def __init__(self, nodes: int, is_ours: Callable[[str], bool]) -> None:
        self._nodes = nodes
        self._is_ours = is_ours
        self._ready: set[str] = set()
        self._pods: Counter[str] = Counter()

    @property
    def progress(self) -> Progress:
        found = self._pods
        return Progress(self._nodes, len(self._ready), found.total(), found["ready"], found["ended"], found["leaving"])

    def node_told(self, old: Object | None, new: Object | None) -> None:
        name = ((new if new is not None else old) or {})["metadata"]["name"]
        if new is not None and self._is_ours(name) and _is_usable(new):
            self._ready.add(name)
        else:
            self._ready.discard(name)

    def pod_told(self, old: Object | None, new: Object | None) -> None:
        for pod, amount in ((old, -1), (new, 1)):
            if pod is not None and self._is_ours(pod["spec"].get("nodeName") or ""):
                self._pods[_standing(pod)] += amount


def _is_usable(node: Object) -> bool:
    """The controllers have found it to be well."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    taints = (node.get("spec") or {}).get("taints") or ()
    return _holds(conditions) and not any(each.get("key") == _NOT_READY for each in taints)


def _standing(pod: Object) -> str:
    if pod["metadata"].get("deletionTimestamp"):
        return "leaving"
    if view.is_finished(pod):
        return "ended"
    return "ready" if _holds((pod.get("status") or {}).get("conditions") or ()) else "waiting"


def _holds(conditions: list[Object] | tuple[()]) -> bool:
    return any(each.get("type") == _READY and each.get("status") == "True" for each in conditions)
