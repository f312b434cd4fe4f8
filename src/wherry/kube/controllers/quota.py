"""Quotas are counted anew when what they count changes (k8s.io/kubernetes pkg/controller/resourcequota).

Admission charges a quota before an object is stored, and this counts what is stored. Between the two an object is
charged but cannot be seen. So a count that is lower than what is written down is believed only in as far as it still is
a moment later: what was on its way by then has arrived, or has been given back.
"""

from collections.abc import Callable, Iterable

import msgspec

from wherry.kube.client.discovery import Discovery
from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import BARE, WHOLE
from wherry.kube.controllers.frame import Interest, Key, Needs, found
from wherry.kube.kinds.quotausage.amounts import Amounts, added, parsed
from wherry.kube.kinds.quotausage.scopes import matches
from wherry.kube.kinds.quotausage.usage import CLAIMS, DEVICE_CLAIMS, PODS, SERVICES, counted_resource, is_about, usage
from wherry.kube.machinery.model import GroupResource, GroupVersionResource, Object
from wherry.kube.machinery.quantity import Quantity

QUOTAS = GroupVersionResource("", "v1", "resourcequotas")
ARRIVAL_SECONDS = 0.5
"""How long an object may be on its way from its charge into the store."""
OVER_SECONDS = 30.0
"""After which pods that end are looked at again: one whose grace is over stops counting without a change."""
_PAGE_OBJECTS = 500
_MEASURED = (PODS, SERVICES, CLAIMS, DEVICE_CLAIMS)
"""Resources whose objects have amounts of several names."""


class _Lower(msgspec.Struct, frozen=True):
    """By how much less was counted than is written down, at least, since when."""

    since_seconds: float
    gaps: Amounts


class QuotaController:
    """A Reconciler; keys are quotas. It watches what some quota counts, and nothing else."""

    name = "resourcequota-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._informers = needs.informers
        self._discovery: Discovery = needs.discovery
        self._quotas = needs.informers.of(QUOTAS)
        self._watched: dict[GroupVersionResource, Informer] = {}
        self._lower: dict[Key, _Lower] = {}
        self.add: Callable[[Key], None] = lambda key: None
        """Where keys go that this learns of by itself; whoever runs it sets it."""
        self.interests = (Interest(self._quotas),)

    async def reconcile(self, key: Key) -> float | None:
        quota = await found(self._client, QUOTAS, key)
        if quota is None:
            self._lower.pop(key, None)
            return None
        hard = (quota.get("spec") or {}).get("hard") or {}
        resources = await self._counted_by(hard)
        counted, is_ending = await self._count(quota, resources)
        status = quota.get("status") or {}
        used, again = self._believed(key, parsed(status.get("used")), counted)
        wanted = {"hard": hard, "used": {name: str(amount) for name, amount in used.items()}}
        if parsed(wanted["used"]) != parsed(status.get("used")) or hard != (status.get("hard") or {}):
            counted_quota = {**quota, "status": {**status, **wanted}}
            await self._client.update(QUOTAS, counted_quota, key.namespace, subresource="status")
        return OVER_SECONDS if again is None and is_ending else again

    async def _counted_by(self, hard: Object) -> list[GroupVersionResource]:
        """What a quota counts, watched from now on."""
        served = {each.resource.group_resource: each.resource for each in await self._discovery.resources()}
        wanted = {counted_resource(name) for name in hard} - {None}
        wanted |= {each for each in _MEASURED if any(is_about(name, each) for name in hard)}
        resources = [served[each] for each in sorted(wanted) if each in served]  # type: ignore[type-var]
        for resource in resources:
            if resource not in self._watched:
                self._watch(resource)
        return resources

    def _watch(self, resource: GroupVersionResource) -> None:
        is_measured = resource.group_resource in _MEASURED
        informer = self._informers.of(resource, transform=WHOLE if is_measured else BARE)
        self._watched[resource] = informer

        def changed(old: Object | None, new: Object | None) -> None:
            is_same = old is not None and new is not None and not self._counts_differently(resource, old, new)
            if is_same:
                return
            namespace = (new or old or {})["metadata"].get("namespace", "")
            for quota in self._quotas.cache.list(namespace):
                if _concerns(quota, resource.group_resource):
                    self.add(Key(namespace, quota["metadata"]["name"]))

        informer.add_handler(changed)

    def _counts_differently(self, resource: GroupVersionResource, old: Object, new: Object) -> bool:
        if resource.group_resource not in _MEASURED:
            return False  # one is one
        if ("deletionTimestamp" in old["metadata"]) != ("deletionTimestamp" in new["metadata"]):
            return True  # not yet, but it will when its grace is over
        now = self._clock.now()
        return usage(resource.group_resource, old, now) != usage(resource.group_resource, new, now)

    async def _count(self, quota: Object, resources: Iterable[GroupVersionResource]) -> tuple[Amounts, bool]:
        """All that is there, and whether some pod is about to end."""
        names = (quota.get("spec") or {}).get("hard") or {}
        total: dict[str, Quantity] = {name: Quantity(0) for name in names}
        now, is_ending = self._clock.now(), False
        for resource in resources:
            for obj in await self._list(resource, quota["metadata"]["namespace"]):
                if matches(quota, resource.group_resource, obj):
                    amounts = usage(resource.group_resource, obj, now)
                    total = added(total, {name: amounts[name] for name in names if name in amounts})
                    is_ending |= resource.group_resource == PODS and "deletionTimestamp" in obj["metadata"]
        return total, is_ending

    async def _list(self, resource: GroupVersionResource, namespace: str) -> list[Object]:
        """From the API, so that it is not older than the quota that was read before."""
        objects: list[Object] = []
        token = ""
        while True:
            page = await self._client.list(resource, namespace, limit=_PAGE_OBJECTS, token=token)
            objects += page.items
            token = page.token
            if not token:
                return objects

    def _believed(self, key: Key, written: Amounts, counted: Amounts) -> tuple[Amounts, float | None]:
        """What is to be written down, and when to look again."""
        now = self._clock.monotonic()
        gaps = {name: written[name] - counted[name] for name in counted if name in written}
        gaps = {name: gap for name, gap in gaps.items() if gap.nano > 0}
        before = self._lower.pop(key, None)
        kept = {name: written[name] for name in gaps}
        if before is not None:
            still = {name: min(gap, before.gaps[name]) for name, gap in gaps.items() if name in before.gaps}
            left = before.since_seconds + ARRIVAL_SECONDS - now
            if still and left > 0:
                self._lower[key] = _Lower(before.since_seconds, still)
                return {**counted, **kept}, left
            kept = {name: written[name] - still.get(name, Quantity(0)) for name in gaps}
        rest = {name: kept[name] - counted[name] for name in gaps if kept[name] != counted[name]}
        if rest:
            self._lower[key] = _Lower(now, rest)
        return {**counted, **kept}, ARRIVAL_SECONDS if rest else None


def _concerns(quota: Object, resource: GroupResource) -> bool:
    return any(is_about(name, resource) for name in (quota.get("spec") or {}).get("hard") or {})
