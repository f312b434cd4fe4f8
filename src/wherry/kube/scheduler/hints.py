"""Which happenings may help a pod that a given plugin refused (upstream's queueing hints).

When in doubt the answer is yes: the pod is tried once more, for nothing. A no that is wrong would leave it waiting for
minutes.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from wherry.kube.scheduler.disks import conflict
from wherry.kube.scheduler.happenings import Change, Happening
from wherry.kube.scheduler.model import Labels, Pod
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.refusals import Plugin
from wherry.kube.scheduler.standing import refuse_affinity, refuse_taints, refuse_unschedulable

LabelsOf = Callable[[str], Labels]
_NODES = (Change.NODE_NEW, Change.NODE_GONE, Change.NODE_LABELS, Change.NODE_TAINTS)
_VOLUMES = (Change.CLAIM, Change.VOLUME, Change.STORAGE_CLASS)
ABOUT: Mapping[Plugin, frozenset[Change]] = {
    Plugin.UNSCHEDULABLE: frozenset({Change.NODE_NEW, Change.NODE_TAINTS}),
    Plugin.TAINTS: frozenset({Change.NODE_NEW, Change.NODE_TAINTS}),
    Plugin.NODE_AFFINITY: frozenset({Change.NODE_NEW, Change.NODE_LABELS}),
    Plugin.PORTS: frozenset({Change.NODE_NEW, Change.POD_WENT}),
    Plugin.RESOURCES: frozenset({Change.NODE_NEW, Change.NODE_ROOM, Change.POD_WENT}),
    Plugin.RESTRICTIONS: frozenset({Change.NODE_NEW, Change.POD_WENT, Change.CLAIM}),
    Plugin.LIMITS: frozenset({Change.NODE_NEW, Change.LIMITS, Change.POD_WENT, *_VOLUMES}),
    Plugin.VOLUMES: frozenset({Change.NODE_NEW, Change.NODE_LABELS, Change.LIMITS, *_VOLUMES}),
    Plugin.ZONES: frozenset({Change.NODE_NEW, Change.NODE_LABELS, *_VOLUMES}),
    Plugin.SPREAD: frozenset({*_NODES, Change.POD_CAME, Change.POD_WENT}),
    Plugin.POD_AFFINITY: frozenset(
        {Change.NODE_NEW, Change.NODE_LABELS, Change.POD_CAME, Change.POD_WENT, Change.NAMESPACE}
    ),
}
"""Plugins that are not here refuse for good, as long as the pod does not change."""


@lru_cache(maxsize=256)
def interesting(plugins: frozenset[Plugin]) -> frozenset[Change]:
    """What may help a pod that these refused at all. Nobody did (there were no nodes): everything may."""
    if not plugins:
        return frozenset(Change)
    return frozenset[Change]().union(*(ABOUT.get(plugin, frozenset()) for plugin in plugins))


def may_help(pod: Pod, plugins: Iterable[Plugin], happening: Happening, labels_of: LabelsOf) -> bool:
    """Whether one of those who refused the pod might not now. Nobody did (there were no nodes): everything may."""
    refused = list(plugins)
    if not refused:
        return True
    return any(
        happening.change in ABOUT.get(plugin, ()) and _HINTS[plugin](pod, happening, labels_of) for plugin in refused
    )


def _of_standing(plugin: Plugin) -> Callable[[Pod, Happening, LabelsOf], bool]:
    def helps(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
        node, shape = happening.node, pod.shape
        if node is None:
            return True
        if plugin is Plugin.UNSCHEDULABLE:
            return refuse_unschedulable(shape, node) is None
        if plugin is Plugin.TAINTS:
            return refuse_taints(shape, node) is None
        return refuse_affinity(shape, None, node) is None

    return helps


def _ports(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
    gone = happening.pod
    if gone is None:
        return True
    mine = {(port.protocol, port.port) for port in pod.shape.ports}
    return any((port.protocol, port.port) in mine for port in gone.shape.ports)


def _resources(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
    if happening.pod is not None:
        return True  # also one that asks for nothing makes room: for one more pod
    return happening.node is None or _could_hold(pod, happening.node)


def _could_hold(pod: Pod, node: Node) -> bool:
    """If nobody else were there."""
    return node.max_pods > 0 and all(amount <= node.allocatable.get(name, 0) for name, amount in pod.shape.requests)


def _restrictions(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
    if happening.claim is not None:
        return happening.claim in set(pod.claims)
    gone = happening.pod
    if gone is None:
        return True
    return bool(set(gone.claims) & set(pod.claims)) or conflict(pod.shape.disks, gone.shape.disks)


def _limits(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
    if happening.claim is not None:
        return happening.claim in set(pod.claims)
    return happening.pod is None or bool(happening.pod.shape.volumes)


def _volumes(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
    return happening.claim is None or happening.claim in set(pod.claims)


def _spread(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
    other = happening.pod
    if other is None:
        return True
    hard = [each for each in pod.shape.spreads if each.hard]
    if not hard:  # default constraints: the scheduler was told of hard ones
        return True
    return other.namespace == pod.namespace and any(each.selector.matches(other.labels) for each in hard)


def _neighbours(pod: Pod, happening: Happening, labels_of: LabelsOf) -> bool:
    other = happening.pod
    if other is None:
        return True
    theirs = labels_of(other.namespace)
    if happening.change is Change.POD_CAME:
        terms = pod.shape.affinity
        return bool(terms) and all(term.scope.matches(other, theirs) for term in terms)
    if any(term.scope.matches(other, theirs) for term in pod.shape.anti_affinity):
        return True
    mine = labels_of(pod.namespace)
    return any(term.scope.matches(pod, mine) for term in other.shape.anti_affinity)


_HINTS: Mapping[Plugin, Callable[[Pod, Happening, LabelsOf], bool]] = {
    Plugin.UNSCHEDULABLE: _of_standing(Plugin.UNSCHEDULABLE),
    Plugin.TAINTS: _of_standing(Plugin.TAINTS),
    Plugin.NODE_AFFINITY: _of_standing(Plugin.NODE_AFFINITY),
    Plugin.PORTS: _ports,
    Plugin.RESOURCES: _resources,
    Plugin.RESTRICTIONS: _restrictions,
    Plugin.LIMITS: _limits,
    Plugin.VOLUMES: _volumes,
    Plugin.ZONES: _volumes,
    Plugin.SPREAD: _spread,
    Plugin.POD_AFFINITY: _neighbours,
}
