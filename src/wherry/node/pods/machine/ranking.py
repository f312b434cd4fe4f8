"""Who has to go when the node is short of something (pkg/kubelet/eviction/helpers.go). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import ZERO, Format, Quantity
from wherry.node.pods import view
from wherry.node.pods.composing import resources
from wherry.node.pods.machine.facts import Measures
from wherry.node.pods.machine.signals import SIGNALS
from wherry.node.pods.machine.thresholds import Threshold


@dataclass(frozen=True, slots=True)
class Use:
    """What a pod takes of a resource: of each container by its name, and (of a disk) besides, in bytes or pieces."""

    pod: Object
    containers: Mapping[str, int] = field(default_factory=dict)
    rest: int = 0

    @property
    def whole(self) -> int:
        return sum(self.containers.values()) + self.rest


def victim(uses: Iterable[Use], resource: str) -> Use | None:
    """The first to go: who takes more than it asked for, of those the least important, of those who takes most more.
    Critical pods stay."""
    ranked = sorted((each for each in uses if not view.is_critical(each.pod)), key=lambda each: _rank(each, resource))
    return ranked[0] if ranked else None


def _rank(use: Use, resource: str) -> tuple[bool, int, int]:
    asked = resources.pod_requests(use.pod).get(resource, ZERO).value
    return use.whole <= asked, int(use.pod["spec"].get("priority") or 0), asked - use.whole


def quantities(threshold: Threshold, measures: Measures) -> tuple[Quantity, Quantity]:
    """What there should be at least, and what there is."""
    by = SIGNALS[threshold.signal]
    shown = in_bytes if by.is_bytes else _count
    return shown(threshold.count(measures)), shown(by.left(measures))


def in_bytes(count: int) -> Quantity:
    """Of whole KiB."""
    return Quantity(count // 1024 * 1024 * 10**9, Format.BINARY)


def _count(count: int) -> Quantity:
    return Quantity(count * 10**9)


def message(threshold: Threshold, use: Use, measures: Measures) -> str:
    resource = threshold.resource
    least, there = quantities(threshold, measures)
    said = f"The node was low on resource: {resource}. Threshold quantity: {least}, available: {there}. "
    if not SIGNALS[threshold.signal].is_bytes:
        return said
    containers: Sequence[Object] = use.pod["spec"].get("containers") or ()
    for container in containers:
        name = container["name"]
        asked = resources.amount(container.get("resources"), "requests", resource)
        used = use.containers.get(name, 0)
        if used > asked.value:
            said += f"Container {name} was using {in_bytes(used)}, request is {asked}, "
            said += f"has larger consumption of {resource}. "
    return said
