"""Looks at claims that wait for a volume here, and at volumes here that are released."""

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.controllers.frame import Interest, Key, own
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
CLASSES = GroupVersionResource("storage.k8s.io", "v1", "storageclasses")
PROVISIONER = "wherry.dev/local-path"
_ASKED, _NODE = "volume.kubernetes.io/storage-provisioner", "volume.kubernetes.io/selected-node"
_PROVISIONED = "pv.kubernetes.io/provisioned-by"
_HOST = "kubernetes.io/hostname"
_VOLUME = "\0volume"
_MODE = 0o777
"""Whoever the pod runs as may write there (rancher's local-path-provisioner)."""
Remove = Callable[[Path], None]
"""Removes a directory with all that is in it, and goes through no mount."""


class LocalPath:
    """A Reconciler (:mod:`wherry.kube.controllers.frame`); keys are claims, and volumes."""

    name = "local-path-provisioner"

    def __init__(self, client: Client, informers: Informers, node: str, directory: Path, remove: Remove) -> None:
        self._client = client
        self._node = node
        self._directory = directory
        self._remove = remove
        self._claims = informers.of(CLAIMS)
        self._volumes = informers.of(VOLUMES)
        self._classes = informers.of(CLASSES)
        self.interests = (Interest(self._claims, self._asked), Interest(self._volumes, self._released))

    def _asked(self, claim: Object) -> Iterable[Key]:
        return own(claim) if self._is_for_us(claim) else ()

    def _is_for_us(self, claim: Object) -> bool:
        annotations = claim["metadata"].get("annotations") or {}
        is_asked = annotations.get(_ASKED) == PROVISIONER and annotations.get(_NODE) == self._node
        return is_asked and not claim["spec"].get("volumeName") and "deletionTimestamp" not in claim["metadata"]

    def _released(self, volume: Object) -> Iterable[Key]:
        return (Key(_VOLUME, volume["metadata"]["name"]),) if self._is_to_go(volume) else ()

    def _is_to_go(self, volume: Object) -> bool:
        annotations = volume["metadata"].get("annotations") or {}
        is_ours = annotations.get(_PROVISIONED) == PROVISIONER and _host_of(volume) == self._node
        is_released = (volume.get("status") or {}).get("phase") == "Released"
        return is_ours and is_released and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"

    async def reconcile(self, key: Key) -> float | None:
        """Make a volume for a claim, or delete one."""
        if key.namespace == _VOLUME:
            volume = self._volumes.cache.get(key.name)
            if volume is not None and self._is_to_go(volume):
                await self._delete(volume)
            return None
        claim = self._claims.cache.get(key.name, key.namespace)
        if claim is not None and self._is_for_us(claim):
            await self._provision(claim)
        return None

    async def _provision(self, claim: Object) -> None:
        storage_class = self._classes.cache.get(claim["spec"].get("storageClassName") or "")
        if storage_class is None:
            return
        path = self._directory / f"pvc-{claim['metadata']['uid']}"
        _make(path)
        try:
            await self._client.create(VOLUMES, volume_of(claim, storage_class, path, self._node))
        except StatusError as error:
            if error.code != 409:
                raise

    async def _delete(self, volume: Object) -> None:
        path = Path((volume["spec"].get("hostPath") or {}).get("path", ""))
        if path.parent == self._directory:  # nothing else is ever removed, whatever somebody wrote there
            await asyncio.to_thread(self._remove, path)
        try:
            await self._client.delete(VOLUMES, volume["metadata"]["name"])
        except StatusError as error:
            if error.code != 404:
                raise


def _make(path: Path) -> None:
    path.mkdir(exist_ok=True)
    os.chmod(path, _MODE)


def volume_of(claim: Object, storage_class: Object, path: Path, node: str) -> Object:
    """The volume for a claim: as large as is asked for, which nobody enforces, usable on this node."""
    meta = claim["metadata"]
    terms = [{"matchExpressions": [{"key": _HOST, "operator": "In", "values": [node]}]}]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-{meta['uid']}", "annotations": {_PROVISIONED: PROVISIONER}},
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
            "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            "hostPath": {"path": str(path), "type": "DirectoryOrCreate"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"],
            },
        },
    }  # fmt: skip


def _host_of(volume: Object) -> str:
    required = ((volume["spec"].get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for term in required:
        for each in term.get("matchExpressions") or ():
            if each.get("key") == _HOST and each.get("operator") == "In" and len(each.get("values") or ()) == 1:
                return str(each["values"][0])
    return ""


__all__ = ["PROVISIONER", "LocalPath", "volume_of"]
