"""For whom each endpoint is meant, where a service wants its traffic to stay near. Pure.

``spec.trafficDistribution`` names each endpoint's own zone, or node (staging/src/k8s.io/endpointslice/trafficdist). The
annotation ``service.kubernetes.io/topology-mode: Auto`` gives every zone endpoints by its share of the processors
(staging/src/k8s.io/endpointslice/topologycache), and none at all where that would overload one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from msgspec.structs import replace

from wherry.kube.controllers.endpoints.facts import READY, Endpoint, zones_of
from wherry.kube.machinery import quantity
from wherry.kube.machinery.model import Object

_MODES = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")
_NEAR = ("PreferClose", "PreferSameZone")
_OVERLOAD = 0.2
"""By so much more than its share a zone may get (OverloadThreshold)."""
_EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")

Processors = Mapping[str, int]
"""By zone, thousandths of one. Empty: nobody can say."""


def is_shared(service: Object) -> bool:
    """Whether zones are to have their shares. What is said there counts more than ``trafficDistribution``."""
    notes = service["metadata"].get("annotations") or {}
    return next((notes[name] for name in _MODES if name in notes), "") in ("Auto", "auto")


def processors_of(nodes: Iterable[Object]) -> Processors:
    """Of the nodes that are ready. One without a zone, or without processors, and nothing can be said of any."""
    counted = [each for each in nodes if _counts(each)]
    zones, found = zones_of(counted), Counter[str]()
    for node in counted:
        given = ((node.get("status") or {}).get("allocatable") or {}).get("cpu")
        zone = zones.get(node["metadata"]["name"])
        if zone is None or given is None or not (milli := quantity.parse(given).milli):
            return {}
        found[zone] += milli
    return found


def _counts(node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    conditions = (node.get("status") or {}).get("conditions") or ()
    is_ready = any(each.get("type") == READY and each.get("status") == "True" for each in conditions)
    return is_ready and not any(name in labels for name in _EXCLUDED)


def hinted(service: Object, found: Sequence[Endpoint], processors: Processors) -> Sequence[Endpoint]:
    """The same endpoints, each with its hints. Those that are not ready have none."""
    if is_shared(service):
        zones = _shared([each for each in found if each.ready], processors)
        return [replace(each, zones=zones.get(each.uid, ())) for each in found] if zones else found
    distribution = service["spec"].get("trafficDistribution")
    if distribution in _NEAR or distribution == "PreferSameNode":
        by_node = distribution == "PreferSameNode"
        return [_near(each, by_node) if each.ready else each for each in found]
    return found


def _near(endpoint: Endpoint, by_node: bool) -> Endpoint:
    nodes = (endpoint.node,) if by_node and endpoint.node else ()
    return replace(endpoint, zones=(endpoint.zone,) if endpoint.zone else (), nodes=nodes)


def _shared(ready: Sequence[Endpoint], processors: Processors) -> dict[str, tuple[str, ...]]:
    """Zones by endpoint (its uid). Empty: it cannot be done well enough."""
    count, whole = len(ready), sum(processors.values())
    if not 2 <= len(processors) <= count or any(not each.zone for each in ready):
        return {}
    desired = {zone: count * share / whole for zone, share in processors.items()}
    least = {zone: ceil(wanted / (1 + _OVERLOAD)) for zone, wanted in desired.items()}
    if sum(least.values()) > count:
        return {}
    zones = {each.uid: each.zone for each in ready}
    held = Counter(zones.values())
    while poor := [zone for zone in desired if held[zone] < least[zone]]:
        taker = max(poor, key=lambda zone: (desired[zone] - held[zone], zone))
        giver = max(held, key=lambda zone: (held[zone] - desired.get(zone, 0.0), zone))
        moved = max(uid for uid, zone in zones.items() if zone == giver)
        zones[moved] = taker
        held[giver] -= 1
        held[taker] += 1
    strangers = [uid for uid, zone in zones.items() if zone not in desired]
    for uid in strangers:  # of a zone without a node that is ready
        zones[uid] = max(desired, key=lambda zone: (desired[zone] - held[zone], zone))
        held[zones[uid]] += 1
    return {uid: (zone,) for uid, zone in zones.items()}
