"""How the nodes of each zone are: kept node by node, because a cluster may have thousands. No I/O."""

from collections.abc import Iterable

from wherry.kube.controllers.nodelifecycle.plan import READY, status_of
from wherry.kube.machinery.model import Object

Zone = tuple[str, str]
"""Region and zone."""
USUAL_SECONDS, SLOW_SECONDS = 10.0, 100.0
"""From one node that is to lose its pods to the next (--node-eviction-rate, --secondary-node-eviction-rate)."""
_ILL_SHARE, _ILL_LEAST, _LARGE = 0.55, 3, 51
"""A zone is disturbed from such a share (--unhealthy-zone-threshold) and number of ill nodes on; a disturbed one that
is not large (--large-cluster-size-threshold) loses nothing."""


class Zones:
    """Of all nodes that it has been told of."""

    def __init__(self) -> None:
        self._zone: dict[str, Zone] = {}
        self._members: dict[Zone, set[str]] = {}
        self._well: dict[Zone, set[str]] = {}

    @property
    def is_cut_off(self) -> bool:
        """No node at all is well: then it is not they. Nobody loses pods, and those that were to lose them are not."""
        return not self._well

    def pace(self, node: Object) -> float | None:
        """Seconds from one node of its zone that is to lose its pods to the next; None: none does now. A zone that is
        gone as a whole is left at the usual pace, to the others (nodelifecycle: ComputeZoneState, setLimiterInZone)."""
        return self._pace(zone_of(node))

    def _pace(self, zone: Zone) -> float | None:
        if self.is_cut_off:
            return None
        whole, well = len(self._members.get(zone, ())), len(self._well.get(zone, ()))
        ill = whole - well
        if well and ill >= _ILL_LEAST and ill / whole >= _ILL_SHARE:
            return SLOW_SECONDS if whole >= _LARGE else None
        return USUAL_SECONDS

    def learn(self, name: str, node: Object | None) -> Iterable[str]:
        """The node is so now (None: it is gone). Returns the nodes that others decide about anew for it: all of a zone
        that has got another pace, or all that there are."""
        before, after = self._zone.pop(name, None), zone_of(node) if node is not None else None
        zones = {each for each in (before, after) if each is not None}
        was_cut_off, was = self.is_cut_off, {each: self._pace(each) for each in zones}
        if before is not None:
            self._drop(self._members, before, name)
            self._drop(self._well, before, name)
        if node is not None and after is not None:
            self._zone[name] = after
            self._members.setdefault(after, set()).add(name)
            if status_of(node, READY) == "True":
                self._well.setdefault(after, set()).add(name)
        if self.is_cut_off != was_cut_off:
            return list(self._zone)
        return [member for each in zones if self._pace(each) != was[each] for member in self._members.get(each, ())]

    @staticmethod
    def _drop(found: dict[Zone, set[str]], zone: Zone, name: str) -> None:
        names = found.get(zone, set())
        names.discard(name)
        if not names:
            found.pop(zone, None)


class Turns:
    """Which node of a zone may be told next that its pods have to go."""

    def __init__(self) -> None:
        self._next: dict[Zone, float] = {}

    def wait_seconds(self, zone: Zone, pace: float, now: float) -> float:
        """0: it is this one's turn, and it has been taken."""
        left = self._next.get(zone, now) - now
        if left > 0:
            return min(left, pace)  # it may have been slower when that was reckoned
        self._next[zone] = now + pace
        return 0.0


def zone_of(node: Object) -> Zone:
    labels = node["metadata"].get("labels") or {}
    return labels.get("topology.kubernetes.io/region", ""), labels.get("topology.kubernetes.io/zone", "")
