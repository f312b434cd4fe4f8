"""What a node has room for: pure functions over what its agent knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import ZERO, Quantity
from wherry.node.pods import admission
from wherry.node.pods.composing.resources import pod_requests
from wherry.node.pods.machine import nodes
from wherry.node.pods.machine.facts import Hardware
from wherry.node.pods.options import Options


@dataclass(frozen=True, slots=True)
class Household:
    """``node`` as the API has it (None: not yet), ``pods``: that count, ``pressures``: conditions that hold."""

    options: Options
    hardware: Hardware
    node: Object | None
    pods: tuple[Object, ...]
    pressures: tuple[str, ...] = ()
    is_shutting_down: bool = False


def house(it: Household) -> admission.House:
    """What a new pod is to be judged by."""
    node = it.node or {}
    spec, meta = node.get("spec") or {}, node.get("metadata") or {}
    return admission.House(
        labels={**nodes.labels(it.options, it.hardware), **(meta.get("labels") or {})},
        taints=spec.get("taints") or (),
        allocatable=nodes.allocatable(it.options, it.hardware),
        others=it.pods,
        unsafe_sysctls=it.options.unsafe_sysctls,
        pressures=it.pressures,
        is_shutting_down=it.is_shutting_down,
        name=it.options.node,
    )


def free(allocatable: Mapping[str, Quantity], pods: Iterable[Object]) -> Mapping[str, Quantity]:
    """What these leave."""
    left = dict(allocatable)
    for pod in pods:
        for name, amount in pod_requests(pod).items():
            left[name] = left.get(name, ZERO) - amount
    return left
