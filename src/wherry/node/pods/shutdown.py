"""The end of the machine, or of Wherry on it: all pods at once."""

import asyncio
import logging
from collections.abc import Sequence

from wherry.kube.client.clock import Clock
from wherry.node.pods import view
from wherry.node.pods.life.ending import LEAST_SECONDS
from wherry.node.pods.life.model import Ending
from wherry.node.pods.workers.worker import Worker

_SAID = "Pod was terminated in response to imminent node shutdown."
_LOOK_SECONDS = 0.05
_SPARE_SECONDS = 5.0
"""For what is to be written, and for who cannot be killed: beyond the time that pods have."""
logger = logging.getLogger(__name__)


async def end_all(workers: Sequence[Worker], clock: Clock, seconds: float, critical_seconds: float) -> None:
    """For good: within ``seconds``, critical pods in the last ``critical_seconds`` of them (KEP-2000,
    pkg/kubelet/nodeshutdown). Returns when they have ended and the API knows."""
    for critical, allowed in ((False, seconds - critical_seconds), (True, critical_seconds or seconds)):
        ending = [each for each in workers if view.is_critical(each.pod) == critical]
        for worker in ending:
            grace = min(float(view.grace_seconds(worker.pod)), max(allowed, 0.0))
            worker.end(Ending(grace, clock.monotonic(), "Terminated", _SAID, "TerminationByKubelet"))
        last = clock.monotonic() + max(allowed, LEAST_SECONDS) + _SPARE_SECONDS
        while left := [each for each in ending if not (each.has_stopped and each.has_told)]:
            if clock.monotonic() > last:
                logger.warning("%s have not ended in time", ", ".join(view.full_name(each.pod) for each in left))
                break
            await clock.sleep(_LOOK_SECONDS)  # rare, and at the very end


async def halt_all(workers: Sequence[Worker], most_seconds: float) -> None:
    """For now: each within its grace period, but at most that time. The API is told nothing: they run again with the
    next agent."""
    await asyncio.gather(*(each.halt(most_seconds) for each in workers))
