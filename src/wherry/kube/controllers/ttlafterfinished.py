"""Deletes jobs some time after they have ended, where they say so.

(k8s.io/kubernetes pkg/controller/ttlafterfinished)
"""

from datetime import datetime

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.machinery import times
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

JOBS = GroupVersionResource("batch", "v1", "jobs")


class TtlAfterFinished:
    """A Reconciler; keys are jobs."""

    name = "ttl-after-finished-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._jobs = needs.informers.of(JOBS)
        self.interests = (Interest(self._jobs),)

    async def reconcile(self, key: Key) -> float | None:
        job = self._jobs.cache.get(key.name, key.namespace)
        if job is None or "deletionTimestamp" in job["metadata"]:
            return None
        left = seconds_left(job, self._clock.now())
        if left is None or left > 0:
            return left
        meta = job["metadata"]
        options = {
            "propagationPolicy": "Foreground",
            "preconditions": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]},
        }
        try:
            await self._client.delete(JOBS, key.name, key.namespace, options=options)
        except StatusError as error:
            if error.code != 404:
                raise
        return None


def seconds_left(job: Object, now: datetime) -> float | None:
    """Until it is to go; None: it has not ended, or says nothing of it."""
    ttl = job["spec"].get("ttlSecondsAfterFinished")
    conditions = (job.get("status") or {}).get("conditions") or ()
    ended = next(
        (each for each in conditions if each.get("type") in ("Complete", "Failed") and each.get("status") == "True"),
        None,
    )
    if ttl is None or ended is None or not ended.get("lastTransitionTime"):
        return None
    return float(ttl) - (now - times.parse(ended["lastTransitionTime"])).total_seconds()
