"""Gives a pod its node, when its volumes are ready."""

import asyncio
from collections.abc import Callable

import msgspec

from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client, PatchType
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.decision import Placed
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.volumes.facts import Choice, Volumes
from wherry.kube.scheduler.volumes.view import BOUND_BY_CONTROLLER, SELECTED_NODE, Claim, Volume
from wherry.kube.scheduler.watching import CLAIMS, PODS, VOLUMES

_LOOK_SECONDS = 1.0
"""Whether the pod is still wanted nobody tells."""


class _Wait(msgspec.Struct, frozen=True):
    """``selected``: claims that were seen with their node."""

    choice: Choice
    node: str
    is_wanted: Callable[[], bool]
    selected: set[tuple[str, str]] = msgspec.field(default_factory=set)


class Binder:
    """Effects of a placement."""

    def __init__(self, client: Client, volumes: Volumes, clock: Clock, volume_timeout: float) -> None:
        self._client = client
        self._volumes = volumes
        self._clock = clock
        self._timeout = volume_timeout

    async def bind(self, pod: Pod, placed: Placed) -> None:
        """Raises StatusError when the API does not let it."""
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
            "target": {"kind": "Node", "name": placed.node},
        }
        await self._client.create(PODS, binding, pod.namespace, name=pod.name, subresource="binding")

    async def bind_volumes(self, placed: Placed, is_wanted: Callable[[], bool]) -> None:
        """Until they are bound. ``is_wanted``: whether the pod is still to get that node. Raises StatusError, and
        Unavailable when they do not get ready or are no longer wanted."""
        choice = placed.volumes.only_unfinished(self._volumes)
        for claim, volume in choice.bound:
            await self._client.patch(VOLUMES, volume.name, _claimed(claim, volume), type=PatchType.MERGE)
        for claim in choice.provisioned:
            if claim.node != placed.node:
                patch = {"metadata": {"uid": claim.uid, "annotations": {SELECTED_NODE: placed.node}}}
                await self._client.patch(CLAIMS, claim.name, patch, claim.namespace, type=PatchType.MERGE)
        late = asyncio.Event()
        timer = self._clock.call_later(self._timeout, late.set)
        try:
            await self._wait(_Wait(choice, placed.node, is_wanted), late)
        finally:
            timer.cancel()

    async def _wait(self, wait: "_Wait", late: asyncio.Event) -> None:
        """Until all claims are bound."""
        ending = asyncio.ensure_future(late.wait())
        try:
            while True:
                changing = asyncio.ensure_future(self._volumes.change())
                try:
                    if self._are_bound(wait):
                        return
                    await asyncio.wait({changing, ending}, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changing.cancel()
                if late.is_set():
                    raise Unavailable("timed out waiting for the condition")
        finally:
            ending.cancel()

    def _are_bound(self, wait: "_Wait") -> bool:
        """Raises Unavailable when it will not come to that."""
        if not wait.is_wanted():
            raise Unavailable("the pod is gone")
        done = True
        for claim in (*(claim for claim, _ in wait.choice.bound), *wait.choice.provisioned):
            now = self._volumes.claims.get(claim.key)
            if now is None or now.uid != claim.uid or now.is_ending:
                raise Unavailable(f'persistentvolumeclaim "{claim.name}" is gone')
            if now.is_bound:
                continue
            done = False
            if now.node == wait.node:
                wait.selected.add(claim.key)
            elif claim.key in wait.selected:
                raise Unavailable(f'provisioning failed for PVC "{claim.name}"')
        return done


def _claimed(claim: Claim, volume: Volume) -> Object:
    """The volume is the claim's; whoever binds claims does the rest."""
    reference = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim.namespace, "name": claim.name,
        "uid": claim.uid, "resourceVersion": claim.resource_version,
    }  # fmt: skip
    return {
        "metadata": {"resourceVersion": volume.resource_version, "annotations": {BOUND_BY_CONTROLLER: "yes"}},
        "spec": {"claimRef": reference},
    }
