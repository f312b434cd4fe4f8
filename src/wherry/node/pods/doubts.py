"""Pods that the node, as its agent knows it, would not take, though the scheduler thought otherwise.

The scheduler hears at once of a new label or a taint that is gone, the agent only when it next reports: so it asks
before it refuses, as the kubelet does (kubernetes/kubernetes#134445).
"""

import logging
from collections.abc import Awaitable, Callable

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.machinery.model import Object
from wherry.node.pods import view

RETRY_SECONDS = 1.0
logger = logging.getLogger(__name__)


class Doubts:
    """``look`` asks how the node is; ``judge`` is then given each pod, if it is still there, as it then is."""

    def __init__(self, clock: Clock, look: Callable[[], Awaitable[None]], judge: Callable[[Object], None]) -> None:
        self._clock, self._look, self._judge = clock, look, judge
        self._held: dict[str, Object] = {}

    def told(self, uid: str, new: Object | None) -> bool:
        """Whether the pod waits for its judgement. Then nobody else does anything about it; None: it is gone."""
        if uid not in self._held:
            return False
        if new is None:
            del self._held[uid]
        else:
            self._held[uid] = new
        return True

    async def settle(self, pod: Object) -> None:
        """Returns when it was judged, or is gone."""
        uid = view.uid(pod)
        self._held[uid] = pod
        while uid in self._held:
            try:
                await self._look()
                break
            except (WherryError, OSError) as error:
                logger.info("whether the node takes pod %s: %s; trying again", uid, error)
            await self._clock.sleep(RETRY_SECONDS)
        found = self._held.pop(uid, None)
        if found is not None:
            self._judge(found)
