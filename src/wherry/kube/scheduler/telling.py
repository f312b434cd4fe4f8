"""Says what came of a decision: conditions and events, in upstream's words (pkg/scheduler/schedule_one.go)."""

import msgspec

from wherry.kube.client.clock import Clock
from wherry.kube.client.events import Recorder
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.watching import PODS

UNSCHEDULABLE, ERROR = "Unschedulable", "SchedulerError"
_LONGEST_NOTE = 1024
"""Bytes of an event's message (k8s.io/kubernetes pkg/apis/core/validation/events.go)."""


class Verdict(msgspec.Struct, frozen=True):
    """``reason`` of the condition; ``nominated``: the node that is being made free (empty: none is)."""

    reason: str
    message: str
    nominated: str = ""


class Teller:
    """As one scheduler, under each profile's name."""

    def __init__(self, client: Client, recorder: Recorder, clock: Clock) -> None:
        self._client = client
        self._recorder = recorder
        self._clock = clock
        self._recorders: dict[str, Recorder] = {}

    def _by(self, pod: Pod) -> Recorder:
        name = pod.shape.scheduler
        found = self._recorders.get(name)
        if found is None:
            found = self._recorders[name] = self._recorder.by(name)
        return found

    def scheduled(self, pod: Pod, node: str) -> None:
        text = f"Successfully assigned {pod} to {node}"
        self._by(pod).event(pod.reference, "Scheduled", text, action="Binding")

    def failed(self, pod: Pod, message: str) -> None:
        """The event."""
        note = message.encode()[:_LONGEST_NOTE].decode(errors="ignore")
        self._by(pod).event(pod.reference, "FailedScheduling", note, type="Warning", action="Scheduling")

    def preempted(self, victim: Pod, preemptor: Pod, node: str) -> None:
        text = f"Preempted by pod {preemptor.uid} on node {node}"
        self._by(preemptor).event(victim.reference, "Preempted", text, action="Preempting")

    async def write(self, pod: Pod, obj: Object, verdict: Verdict) -> None:
        """The condition and the nomination, if ``obj``, the pod as it is, says otherwise. Raises StatusError, but not
        when the pod is gone."""
        status = obj.get("status") or {}
        change: Object = {}
        old = _condition(status)
        new = {"type": "PodScheduled", "status": "False", "reason": verdict.reason, "message": verdict.message}
        if any(old.get(name) != value for name, value in new.items()):
            now = rfc3339(self._clock.now())
            new["lastTransitionTime"] = now if old.get("status") != "False" else old.get("lastTransitionTime") or now
            generation = obj["metadata"].get("generation")
            if generation:
                new["observedGeneration"] = generation
            change["conditions"] = [new]
        if (status.get("nominatedNodeName") or "") != verdict.nominated:
            change["nominatedNodeName"] = verdict.nominated or None
        if change:
            await self.patch(pod, change)

    async def patch(self, pod: Pod, status: Object) -> None:
        """Raises StatusError, but not when the pod is gone or another has its name."""
        patch = {"metadata": {"uid": pod.uid}, "status": status}
        try:
            await self._client.patch(PODS, pod.name, patch, pod.namespace, subresource="status")
        except StatusError as error:
            if error.code not in (404, 409):
                raise


def _condition(status: Object) -> Object:
    return next((each for each in status.get("conditions") or () if each.get("type") == "PodScheduled"), {})
