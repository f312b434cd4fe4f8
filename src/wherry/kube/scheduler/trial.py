"""One node, as if other pods were on it: for pods that are to come there, and for pods that might have to go."""

from collections.abc import Iterable

from wherry.kube.scheduler.asking import Asking, Filter
from wherry.kube.scheduler.fitting import judge
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.refusals import Refusal


class Trial:
    """See the module. Nothing of the cluster changes."""

    def __init__(self, asking: Asking, filters: Iterable[Filter], node: Node) -> None:
        self._asking = asking
        self._node = node.copy()
        self._supposed = [each.suppose(self._node) for each in filters]

    def add(self, pod: Pod) -> None:
        self._node.add(pod)
        for each in self._supposed:
            each.change(pod, 1)

    def remove(self, pod: Pod) -> None:
        self._node.remove(pod)
        for each in self._supposed:
            each.change(pod, -1)

    def refusal(self) -> Refusal | None:
        """Why the pod that asks would not fit; None: it would."""
        found = judge(self._node, self._asking.fitting.asks)
        if found is not None:
            return found
        return next((refusal for each in self._supposed if (refusal := each.refusal()) is not None), None)


def contenders(asking: Asking, node: Node) -> list[Pod]:
    """Others that are to get that node and are of no less importance: their room is not free."""
    found = asking.cluster.nominated.get(node.name)
    if not found:
        return []
    mine, uid = asking.pod.shape.priority, asking.pod.uid
    return [pod for pod in found.values() if pod.shape.priority >= mine and pod.uid != uid]


def refusal_beside(asking: Asking, filters: Iterable[Filter], node: Node, others: Iterable[Pod]) -> Refusal | None:
    """Whether it fits with the contenders there."""
    trial = Trial(asking, filters, node)
    for pod in others:
        trial.add(pod)
    return trial.refusal()
