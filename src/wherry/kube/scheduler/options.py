"""What a scheduler can be told: upstream's KubeSchedulerConfiguration, as far as there is a choice here."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from wherry.kube.client.leader import Candidate
from wherry.kube.machinery.nodeselectors import NodeTerm
from wherry.kube.machinery.selectors import NOTHING
from wherry.kube.scheduler.model import HOSTNAME, ZONE, Preference, Spread
from wherry.kube.scheduler.refusals import Plugin

WEIGHTS: Mapping[Plugin, int] = {
    Plugin.TAINTS: 3,
    Plugin.NODE_AFFINITY: 2,
    Plugin.SPREAD: 2,
    Plugin.POD_AFFINITY: 2,
    Plugin.RESOURCES: 1,
    Plugin.BALANCE: 1,
    Plugin.IMAGES: 1,
}
"""Of scores (pkg/scheduler/apis/config/v1/default_plugins.go)."""
SYSTEM_SPREADS = (Spread(HOSTNAME, NOTHING, 3, hard=False), Spread(ZONE, NOTHING, 5, hard=False))
"""For pods of a service or a workload that have no constraints of their own
(pkg/scheduler/framework/plugins/podtopologyspread: systemDefaultConstraints)."""


class Strategy(Enum):
    """Which nodes are better: those with the most room, or those with the least."""

    LEAST_ALLOCATED = "LeastAllocated"
    MOST_ALLOCATED = "MostAllocated"


class Profile(msgspec.Struct, frozen=True):
    """How pods with this ``schedulerName`` are placed. ``spreads``: default constraints, whose selectors come from
    services and workloads; None: upstream's. ``added_affinity``: what nodes must match besides what pods want."""

    name: str = "default-scheduler"
    disabled: frozenset[Plugin] = frozenset()
    weights: Mapping[Plugin, int] = msgspec.field(default_factory=lambda: WEIGHTS)
    percentage: int | None = None
    """Of nodes that are looked for; None: upstream's rule."""
    strategy: Strategy = Strategy.LEAST_ALLOCATED
    spreads: tuple[Spread, ...] | None = None
    added_affinity: tuple[NodeTerm, ...] | None = None
    added_preferences: tuple[Preference, ...] = ()
    hard_pod_affinity_weight: int = 1
    ignored_resources: frozenset[str] = frozenset()
    """Extended resources that somebody else watches over: names, and groups (``example.com``)."""
    victim_percentage: int = 10
    victim_nodes: int = 100
    """So many nodes at least are looked at for somebody to preempt (DefaultPreemptionArgs)."""

    def has(self, plugin: Plugin) -> bool:
        return plugin not in self.disabled

    def weight(self, plugin: Plugin) -> int:
        """0: it has no say."""
        return self.weights.get(plugin, 0) if plugin not in self.disabled else 0


class Options(msgspec.Struct, frozen=True):
    """Seconds; upstream's defaults. ``lease``: several of these run, and one of them works."""

    profiles: tuple[Profile, ...] = (Profile(),)
    initial_backoff: float = 1.0
    maximum_backoff: float = 10.0
    unschedulable_after: float = 300.0
    """A pod is tried again then, though nothing happened that might help."""
    volume_timeout: float = 600.0
    """For claims to be bound."""
    bindings: int = 64
    """Under way at once."""
    lease: Candidate | None = None
    random_seed: int | None = None
