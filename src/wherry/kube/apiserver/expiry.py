"""Objects that go by themselves: events, an hour after their last change (kube-apiserver ``--event-ttl``)."""

import time
from collections.abc import Callable

from wherry.kube.machinery.model import GroupResource
from wherry.store.model import Store

EVENT_SECONDS = 3600
_SHARED_SECONDS = 60
"""Objects that are written within a minute share a lease: they may stay that much longer (etcd3's lease manager)."""
EXPIRING = {GroupResource("", "events"): EVENT_SECONDS}
"""Seconds by resource."""


class Leases:
    """Gives the lease that an object is to be written with."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._current: dict[GroupResource, tuple[int, float]] = {}

    async def of(self, resource: GroupResource) -> int:
        """0: it stays."""
        seconds = EXPIRING.get(resource)
        if seconds is None:
            return 0
        now = self._monotonic()
        lease, until = self._current.get(resource, (0, 0.0))
        if now >= until:
            lease = await self._store.grant(seconds + _SHARED_SECONDS)
            self._current[resource] = lease, now + _SHARED_SECONDS
        return lease
