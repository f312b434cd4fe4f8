"""Why a node will not do: the plugin, upstream's words, and whether fewer pods there would change it."""

from enum import Enum
from typing import NamedTuple


class Plugin(Enum):
    """Who decides; upstream's names, in the order in which filters are asked."""

    UNSCHEDULABLE = "NodeUnschedulable"
    TAINTS = "TaintToleration"
    NODE_AFFINITY = "NodeAffinity"
    PORTS = "NodePorts"
    RESOURCES = "NodeResourcesFit"
    RESTRICTIONS = "VolumeRestrictions"
    LIMITS = "NodeVolumeLimits"
    VOLUMES = "VolumeBinding"
    ZONES = "VolumeZone"
    SPREAD = "PodTopologySpread"
    POD_AFFINITY = "InterPodAffinity"
    DEVICES = "DynamicResources"
    PREEMPTION = "DefaultPreemption"
    BALANCE = "NodeResourcesBalancedAllocation"
    IMAGES = "ImageLocality"


class Refusal(NamedTuple):
    """``reasons`` are counted over nodes. ``resolvable``: it may fit when pods of less importance are gone."""

    plugin: Plugin
    reasons: tuple[str, ...]
    resolvable: bool = False


UNSCHEDULABLE = Refusal(Plugin.UNSCHEDULABLE, ("node(s) were unschedulable",))
UNTOLERATED = Refusal(Plugin.TAINTS, ("node(s) had untolerated taint(s)",))
NO_AFFINITY = Refusal(Plugin.NODE_AFFINITY, ("node(s) didn't match Pod's node affinity/selector",))
NOT_ADDED_AFFINITY = Refusal(Plugin.NODE_AFFINITY, ("node(s) didn't match scheduler-enforced node affinity",))
NOT_NAMED = Refusal(Plugin.NODE_AFFINITY, ("node(s) didn't satisfy plugin(s) [NodeAffinity]",))
PORTS_TAKEN = Refusal(Plugin.PORTS, ("node(s) didn't have free ports for the requested pod ports",), True)
DISK_CONFLICT = Refusal(Plugin.RESTRICTIONS, ("node(s) had no available disk",), True)
ONE_POD_ONLY = Refusal(
    Plugin.RESTRICTIONS,
    ("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",),
    True,
)
TOO_MANY_VOLUMES = Refusal(Plugin.LIMITS, ("node(s) exceed max volume count",), True)
NO_ZONE = Refusal(Plugin.ZONES, ("node(s) had no available volume zone",))
SPREAD_LABEL = Refusal(
    Plugin.SPREAD, ("node(s) didn't match pod topology spread constraints (missing required label)",)
)
SPREAD = Refusal(Plugin.SPREAD, ("node(s) didn't match pod topology spread constraints",), True)
POD_AFFINITY = Refusal(Plugin.POD_AFFINITY, ("node(s) didn't match pod affinity rules",))
POD_ANTI_AFFINITY = Refusal(Plugin.POD_AFFINITY, ("node(s) didn't match pod anti-affinity rules",), True)
OTHERS_ANTI_AFFINITY = Refusal(Plugin.POD_AFFINITY, ("node(s) didn't satisfy existing pods anti-affinity rules",), True)
