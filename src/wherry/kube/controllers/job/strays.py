"""Pods that no job will count any more keep nobody waiting (job_controller.go syncOrphanPod)."""

from collections.abc import Iterable

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.job import view
from wherry.kube.controllers.job.controller import JOB, JOBS
from wherry.kube.controllers.podcontrol.control import PODS
from wherry.kube.controllers.podcontrol.owners import CONTROLLED, controlled, controlled_index, controller_of, key_of
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError


class StrayPods:
    """A Reconciler; keys are pods. It takes the finalizer off those whose job is gone or has ended, and off those that
    nobody controls."""

    name = "job-stray-pods"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._jobs = needs.informers.of(JOBS)
        self._pods = needs.informers.of(PODS)
        self._pods.cache.add_index(CONTROLLED, controlled_index)
        self.interests = (Interest(self._jobs, self._left_behind), Interest(self._pods, self._suspect))

    def _left_behind(self, job: Object) -> Iterable[Key]:
        """The pods of a job that has gone or ended."""
        there = self._jobs.cache.get(job["metadata"]["name"], job["metadata"]["namespace"])
        uid = job["metadata"]["uid"]
        if there is not None and there["metadata"]["uid"] == uid and not view.is_finished(there):
            return ()
        return [key_of(pod) for pod in controlled(self._pods.cache, uid) if view.is_tracked(pod)]

    def _suspect(self, pod: Object) -> Iterable[Key]:
        return (key_of(pod),) if self._is_stray(pod) else ()

    def _is_stray(self, pod: Object) -> bool:
        if not view.is_tracked(pod):
            return False
        owner = controller_of(pod)
        if owner is None:
            return True
        if owner["kind"] != JOB.kind or owner["apiVersion"] != JOB.api_version:
            return False
        job = self._jobs.cache.get(owner["name"], pod["metadata"]["namespace"])
        if job is None or job["metadata"]["uid"] != owner["uid"]:
            return True
        return view.is_finished(job) and view.is_ours(job)

    async def reconcile(self, key: Key) -> float | None:
        pod = self._pods.cache.get(key.name, key.namespace)
        if pod is None or not self._is_stray(pod):
            return None
        patch = {"metadata": {"uid": pod["metadata"]["uid"], "$deleteFromPrimitiveList/finalizers": [view.TRACKING]}}
        try:
            await self._client.patch(PODS, key.name, patch, key.namespace)
        except StatusError as error:
            if error.code != 404:
                raise
        return None
