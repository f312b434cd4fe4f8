"""Which zones have a node that is well: kept node by node, because a cluster may have thousands. No I/O."""

from collections.abc import Iterable

from wherry.kube.controllers.nodelifecycle.plan import READY, status_of
from wherry.kube.machinery.model import Object

Zone = tuple[str, str]
"""Region and zone."""


class Zones:
    """Of all nodes that it has been told of."""

    def __init__(self) -> None:
        self._zone: dict[str, Zone] = {}
        self._members: dict[Zone, set[str]] = {}
        self._well: dict[Zone, set[str]] = {}

    def is_well(self, node: Object) -> bool:
        """Whether some node of its zone is: then the others may lose their pods (nodelifecycle ComputeZoneState: full
        disruption ends no pods)."""
        return bool(self._well.get(zone_of(node)))

    def learn(self, name: str, node: Object | None) -> Iterable[str]:
        """The node is so now (None: it is gone). Returns the nodes that others decide about anew for it: all of a zone
        that has got its first node that is well, or lost its last."""
        before, after = self._zone.pop(name, None), zone_of(node) if node is not None else None
        zones = {each for each in (before, after) if each is not None}
        was = {each: bool(self._well.get(each)) for each in zones}
        if before is not None:
            self._drop(self._members, before, name)
            self._drop(self._well, before, name)
        if node is not None and after is not None:
            self._zone[name] = after
            self._members.setdefault(after, set()).add(name)
            if status_of(node, READY) == "True":
                self._well.setdefault(after, set()).add(name)
        turned = [each for each in zones if bool(self._well.get(each)) != was[each]]
        return [member for each in turned for member in self._members.get(each, ())]

    @staticmethod
    def _drop(found: dict[Zone, set[str]], zone: Zone, name: str) -> None:
        names = found.get(zone, set())
        names.discard(name)
        if not names:
            found.pop(zone, None)


def zone_of(node: Object) -> Zone:
    labels = node["metadata"].get("labels") or {}
    return labels.get("topology.kubernetes.io/region", ""), labels.get("topology.kubernetes.io/zone", "")
