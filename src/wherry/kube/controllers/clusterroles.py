"""Cluster roles that are put together of others by labels (k8s.io/kubernetes pkg/controller/clusterroleaggregation)."""

from collections.abc import Callable, Iterable, Sequence

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.machinery.model import GroupVersionResource, Object

CLUSTER_ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterroles")

Aggregate = Callable[[Object, Iterable[Object]], Sequence[Object] | None]
"""The rules that a role ought to have, of all roles; None: it has them, or is not put together."""


class ClusterRoleAggregation:
    """A Reconciler; keys are cluster roles."""

    name = "clusterrole-aggregation-controller"

    def __init__(self, needs: Needs, aggregate: Aggregate) -> None:
        self._client = needs.client
        self._aggregate = aggregate
        self._roles = needs.informers.of(CLUSTER_ROLES)
        self.interests = (Interest(self._roles, self._aggregated),)

    def _aggregated(self, role: Object) -> Iterable[Key]:
        """Any role may be a part of any that is put together."""
        parts = {each["metadata"]["name"] for each in self._roles.cache if each.get("aggregationRule")}
        if role.get("aggregationRule"):
            parts.add(role["metadata"]["name"])
        return [Key("", name) for name in sorted(parts)]

    async def reconcile(self, key: Key) -> float | None:
        role = self._roles.cache.get(key.name)
        if role is None:
            return None
        rules = self._aggregate(role, self._roles.cache)
        if rules is not None:
            await self._client.update(CLUSTER_ROLES, {**role, "rules": list(rules)})
        return None
