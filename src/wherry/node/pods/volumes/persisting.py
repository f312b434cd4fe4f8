"""Persistent volumes on their way into a pod (pkg/volume/util/operationexecutor/operation_generator.go,
GenerateMountVolumeFunc).

Nothing is attached: a directory of this machine's disk is there. So the node's ``volumesInUse`` and ``volumesAttached``
stay empty, and there are no VolumeAttachments, as upstream where no plugin of a volume can attach.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from wherry.kit.errors import WherryError
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.node.pods import view
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.volumes import claims, hostpaths, owning
from wherry.node.pods.volumes.claims import Persistent
from wherry.node.pods.volumes.trouble import (
    NO_CLAIM,
    NO_MOUNTER,
    WRONG_NODE,
    VolumeError,
    no_driver,
    no_inline_driver,
)

DRIVERS = GroupVersionResource("storage.k8s.io", "v1", "csidrivers")
NODES = GroupVersionResource("", "v1", "nodes")
_IN_USE = "volume uses the ReadWriteOncePod access mode and is already in use by another pod"
_PERSISTENT = "Persistent"
"""What a CSIDriver allows that says nothing of it."""


class PersistentVolumes:
    """Of one node. ``labels`` gives the node's. Which pods have which volumes is kept in memory: an agent that is
    started again learns it from the pods that go on, which come before any others."""

    def __init__(self, client: Client, node: str, labels: Callable[[], Mapping[str, str]]) -> None:
        self._client = client
        self._node = node
        self._labels = labels
        self._alone: dict[str, str] = {}
        """By the name of a volume that one pod may have alone: the uid of that pod."""

    async def set_up(self, pod: Object, volume: Object) -> Ready:
        """Idempotent. Raises VolumeError."""
        try:
            found = await claims.persistent(self._client, pod, volume)
        except (WherryError, OSError) as error:
            claim = f"{pod['metadata']['namespace']}/{claims.claim_name(pod, volume)}"
            raise VolumeError(volume["name"], f"{claim}: {error}", NO_CLAIM) from error
        await self._check(pod, found)
        path = Path(found.path)
        if found.kind == "local" and not await asyncio.to_thread(path.exists):
            raise VolumeError(found.name, f'path "{path}" does not exist', NO_MOUNTER)
        try:
            await asyncio.to_thread(hostpaths.provide, path, "Directory" if found.kind == "local" else found.type)
        except (WherryError, OSError) as error:
            raise VolumeError(found.name, error) from error
        context = pod["spec"].get("securityContext") or {}
        if context.get("fsGroup") is not None and found.kind == "local" and not found.read_only:
            policy = context.get("fsGroupChangePolicy") or ""
            await asyncio.to_thread(owning.give, path, context["fsGroup"], policy)
        return Ready(found.path, read_only=found.read_only)

    async def _check(self, pod: Object, found: Persistent) -> None:
        if found.kind == "csi":
            raise no_driver(found.name, found.driver)
        if found.kind not in claims.LOCAL:
            raise VolumeError(found.name, f"volumes of type {found.kind} are not supported on this node")
        if not (found.nodes.matches(self._node, self._labels()) or await self._is_here(found)):
            raise VolumeError(found.name, "no matching NodeSelectorTerms", WRONG_NODE)
        if found.is_for_one and self._alone.setdefault(found.name, view.uid(pod)) != view.uid(pod):
            raise VolumeError(found.name, _IN_USE)

    async def _is_here(self, found: Persistent) -> bool:
        """By the node's labels as they are now: those that are known here can be older than the scheduler's."""
        try:
            node = await self._client.get(NODES, self._node)
        except (WherryError, OSError) as error:
            raise VolumeError(found.name, error, WRONG_NODE) from error
        return found.nodes.matches(self._node, node["metadata"].get("labels") or {})

    async def refuse_inline(self, volume: Object) -> VolumeError:
        """Why a ``csi`` volume of the pod's own cannot be had. Raises StatusError, Unavailable."""
        driver = volume["csi"]["driver"]
        try:
            known = await self._client.get(DRIVERS, driver)
        except StatusError as error:
            if error.code != 404:
                raise
            return no_inline_driver(volume["name"], driver, None)
        return no_inline_driver(volume["name"], driver, known["spec"].get("volumeLifecycleModes") or [_PERSISTENT])

    def release(self, uid: str) -> None:
        """What the pod had. Idempotent."""
        for name in [name for name, whose in self._alone.items() if whose == uid]:
            del self._alone[name]
