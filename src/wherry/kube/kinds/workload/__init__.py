"""``Workload``: templates of the pod groups that a workload is made of."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.workload.strategy import WorkloadStrategy

    return WorkloadStrategy()


KIND = Kind(
    "scheduling.k8s.io",
    "Workload",
    "workloads",
    versions("scheduling.k8s.io", "Workload", "v1beta1"),
    "v1beta1",
    _strategy,
    has_status=False,
    singular="workload",
)
