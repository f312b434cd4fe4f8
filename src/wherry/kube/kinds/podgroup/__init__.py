"""``PodGroup``: pods that are scheduled together."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.podgroup.strategy import PodGroupStrategy

    return PodGroupStrategy()


KIND = Kind(
    "scheduling.k8s.io",
    "PodGroup",
    "podgroups",
    versions("scheduling.k8s.io", "PodGroup", "v1beta1"),
    "v1beta1",
    _strategy,
    singular="podgroup",
)
