"""One of several does the work: leader election by a Lease.

client-go's tools/leaderelection, with its rules and figures: a lease is good for 15 s since *this* process last saw it
change (clocks of other machines are not believed); who holds it renews every 2 s and steps down when it has not
managed to for 10 s, so that there is a gap, never an overlap.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from random import Random

import msgspec

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339_micro

logger = logging.getLogger(__name__)

LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
_JITTER = 1.2


class Terms(msgspec.Struct, frozen=True):
    """Seconds; client-go's defaults."""

    lease_seconds: int = 15
    renew_within_seconds: float = 10.0
    retry_seconds: float = 2.0


USUAL = Terms()


class Candidate(msgspec.Struct, frozen=True):
    """Which lease, and who asks for it: ``identity`` differs from process to process."""

    namespace: str
    lease: str
    identity: str


class Election:
    """Of one candidate."""

    def __init__(
        self, client: Client, candidate: Candidate, clock: Clock, *, terms: Terms = USUAL, random: Random | None = None
    ) -> None:
        self._client = client
        self._candidate = candidate
        self._clock = clock
        self._terms = terms
        self._random = random or Random()
        self._seen: Object = {}
        self._seen_at = 0.0
        self._lease: Object | None = None
        self.is_leader = False

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, then ``lead`` until it returns (then this does) or the lease is lost: ``lead`` is
        cancelled, and this waits again. The lease is given back at the end, so that another need not wait for it."""
        while True:
            await self._acquire()
            try:
                if await self._lead(lead):
                    return
            finally:
                self.is_leader = False
                await self._give_back()

    async def _acquire(self) -> None:
        while not await self._try():
            await self._clock.sleep(self._terms.retry_seconds * (1 + _JITTER * self._random.random()))
        self.is_leader = True
        logger.info("%s leads %s", self._candidate.identity, self._candidate.lease)

    async def _lead(self, lead: Callable[[], Awaitable[None]]) -> bool:
        """Whether ``lead`` came to its end (not the lease)."""
        work = asyncio.ensure_future(lead())
        renewing = asyncio.ensure_future(self._renew())
        try:
            await asyncio.wait({work, renewing}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
                return True
            logger.warning("%s lost %s", self._candidate.identity, self._candidate.lease)
            return False
        finally:
            for task in (work, renewing):
                task.cancel()
            await asyncio.gather(work, renewing, return_exceptions=True)

    async def _renew(self) -> None:
        """Until it could not be renewed in time."""
        renewed = self._clock.monotonic()
        while self._clock.monotonic() - renewed < self._terms.renew_within_seconds:
            await self._clock.sleep(self._terms.retry_seconds)
            asked = self._clock.monotonic()
            if await self._in_time(self._terms.renew_within_seconds - (asked - renewed)):
                renewed = asked

    async def _in_time(self, seconds: float) -> bool:
        """Try, but do not wait for an answer beyond that."""
        trying = asyncio.ensure_future(self._try())
        late = asyncio.Event()
        timer = self._clock.call_later(seconds, late.set)
        waiting = asyncio.ensure_future(late.wait())
        try:
            await asyncio.wait({trying, waiting}, return_when=asyncio.FIRST_COMPLETED)
            return trying.done() and trying.result()
        finally:
            timer.cancel()
            trying.cancel()
            waiting.cancel()
            await asyncio.gather(trying, waiting, return_exceptions=True)

    async def _try(self) -> bool:
        """Take or renew it once; whether it is held now."""
        try:
            return await self._take()
        except StatusError as error:
            if error.code != 409:
                logger.warning("lease %s: %s", self._candidate.lease, error)
        except (WherryError, OSError) as error:
            logger.warning("lease %s: %s", self._candidate.lease, error)
        return False

    async def _take(self) -> bool:
        me, now = self._candidate, self._clock.monotonic()
        try:
            lease = await self._client.get(LEASES, me.lease, me.namespace)
        except StatusError as error:
            if error.code != 404:
                raise
            made = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": self._spec({})}
            made["metadata"] = {"name": me.lease, "namespace": me.namespace}
            self._lease = await self._client.create(LEASES, made, me.namespace)
            self._look(self._lease["spec"], now)
            return True
        spec = lease.get("spec") or {}
        self._look(spec, now)
        holder = spec.get("holderIdentity") or ""
        if holder not in ("", me.identity) and now < self._seen_at + (spec.get("leaseDurationSeconds") or 0):
            return False
        lease["spec"] = self._spec(spec)
        self._lease = await self._client.update(LEASES, lease, me.namespace)
        self._look(self._lease["spec"], now)
        return True

    def _look(self, spec: Object, now: float) -> None:
        if spec != self._seen:
            self._seen, self._seen_at = dict(spec), now

    def _spec(self, old: Object) -> Object:
        time = rfc3339_micro(self._clock.now())
        mine = old.get("holderIdentity") == self._candidate.identity
        transitions = old.get("leaseTransitions") or 0
        return {
            **old,
            "holderIdentity": self._candidate.identity,
            "leaseDurationSeconds": self._terms.lease_seconds,
            "acquireTime": old.get("acquireTime", time) if mine else time,
            "renewTime": time,
            "leaseTransitions": transitions if mine or not old else transitions + 1,
        }

    async def _give_back(self) -> None:
        if self._lease is None or self._lease["spec"].get("holderIdentity") != self._candidate.identity:
            return
        lease, self._lease = self._lease, None
        time = rfc3339_micro(self._clock.now())
        lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": time, "acquireTime": time}
        try:
            await self._client.update(LEASES, lease, self._candidate.namespace)
        except (WherryError, OSError) as error:
            logger.info("lease %s could not be given back: %s", self._candidate.lease, error)
