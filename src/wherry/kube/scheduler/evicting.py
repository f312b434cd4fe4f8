"""Makes room: tells victims that they are preempted, and deletes them."""

import asyncio

from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339
from wherry.kube.scheduler.decision import Nominated
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.telling import Teller
from wherry.kube.scheduler.watching import PODS

REASON = "PreemptionByScheduler"


class Evictor:
    """Idempotent: who is on the way out is not sent again."""

    def __init__(self, client: Client, teller: Teller, clock: Clock) -> None:
        self._client = client
        self._teller = teller
        self._clock = clock

    async def make_room(self, preemptor: Pod, nominated: Nominated) -> None:
        """All at once. Raises the first StatusError, when all have been tried."""
        done = await asyncio.gather(
            *(self._evict(victim, preemptor, nominated.node) for victim in nominated.victims if not victim.is_ending),
            return_exceptions=True,
        )
        for each in done:
            if isinstance(each, BaseException):
                raise each

    async def _evict(self, victim: Pod, preemptor: Pod, node: str) -> None:
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": REASON,
            "message": f"{preemptor.shape.scheduler}: preempting to accommodate a higher priority pod",
            "lastTransitionTime": rfc3339(self._clock.now()),
        }
        await self._teller.patch(victim, {"conditions": [condition]})
        options = {"preconditions": {"uid": victim.uid}}
        try:
            await self._client.delete(PODS, victim.name, victim.namespace, options=options)
        except StatusError as error:
            if error.code not in (404, 409):
                raise
            return
        self._teller.preempted(victim, preemptor, node)
