"""Looks at claims that wait for a volume here, and at volumes here that are released."""

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.controllers.frame import Interest, Key, own, without_finalizer
from wherry.kube.controllers.volumebinding.expansion import asked, wants_more
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
CLASSES = GroupVersionResource("storage.k8s.io", "v1", "storageclasses")
PROVISIONER = "wherry.dev/local-path"
_ASKED, _NODE = "volume.kubernetes.io/storage-provisioner", "volume.kubernetes.io/selected-node"
_PROVISIONED = "pv.kubernetes.io/provisioned-by"
_HOST = "kubernetes.io/hostname"
FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
"""Of whoever provides volumes, in sig-storage-lib-external-provisioner."""
_NO_SIZE = "it is a directory of the node's disk, and takes what that has: it has no size that could grow"
_VOLUME = "\0volume"
_MODE = 0o777
"""Whoever the pod runs as may write there (rancher's local-path-provisioner)."""
Remove = Callable[[Path], None]
"""Removes a directory with all that is in it, and goes through no mount."""


class Events(Protocol):
    """A :class:`wherry.kube.client.events.Recorder`."""

    def event(
        self, about: Object, reason: str, message: str, *, type: Literal["Normal", "Warning"] = "Normal"
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    client: Client
    informers: Informers
    events: Events


class Place(Protocol):
    """Where volumes are kept, of one node or of several."""

    def has(self, node: str) -> bool:
        """Volumes on that node are kept here."""

    def make(self, name: str) -> Path:
        """A directory of that name, for everybody to write to. Idempotent. Raises OSError."""

    async def remove(self, path: Path) -> None:
        """The directory, with all that is in it, if it is one of these. Idempotent. Raises OSError."""


class Disk:
    """Directories below one of the node's own."""

    def __init__(self, node: str, directory: Path, remove: Remove) -> None:
        self._node = node
        self._directory = directory
        self._remove = remove

    def has(self, node: str) -> bool:
        return node == self._node

    def make(self, name: str) -> Path:
        path = self._directory / name
        path.mkdir(exist_ok=True)
        os.chmod(path, _MODE)
        return path

    async def remove(self, path: Path) -> None:
        """Nothing else is ever removed, whatever somebody wrote there. It is gone already when we come again."""
        if path.parent == self._directory and os.path.lexists(path):
            await asyncio.to_thread(self._remove, path)


class LocalPath:
    """A Reconciler (:mod:`wherry.kube.controllers.frame`); keys are claims, and volumes. A volume waits for its
    directory to be removed, by a finalizer, whoever deletes it first (HonorPVReclaimPolicy, KEP-2644)."""

    name = "local-path-provisioner"

    def __init__(self, needs: Needs, place: Place) -> None:
        informers = needs.informers
        self._client = needs.client
        self._events = needs.events
        self._place = place
        self._told: dict[Key, tuple[str, str]] = {}
        """By claim, its uid and what was said of it last: it is said once."""
        self._claims = informers.of(CLAIMS)
        self._volumes = informers.of(VOLUMES)
        self._classes = informers.of(CLASSES)
        self.interests = (Interest(self._claims, self._asked), Interest(self._volumes, self._released))

    def _asked(self, claim: Object) -> Iterable[Key]:
        return own(claim) if self._is_for_us(claim) or wants_more(claim) else ()

    def _wants_more(self, claim: Object) -> bool:
        volume = self._volumes.cache.get(claim["spec"].get("volumeName") or "")
        return volume is not None and self._is_ours(volume) and wants_more(claim)

    def _is_for_us(self, claim: Object) -> bool:
        annotations = claim["metadata"].get("annotations") or {}
        is_asked = annotations.get(_ASKED) == PROVISIONER and self._place.has(annotations.get(_NODE) or "")
        return is_asked and not claim["spec"].get("volumeName") and "deletionTimestamp" not in claim["metadata"]

    def _released(self, volume: Object) -> Iterable[Key]:
        is_over = self._is_to_go(volume) or self._is_kept(volume)
        return (Key(_VOLUME, volume["metadata"]["name"]),) if is_over else ()

    def _is_ours(self, volume: Object) -> bool:
        annotations = volume["metadata"].get("annotations") or {}
        return annotations.get(_PROVISIONED) == PROVISIONER and self._place.has(_host_of(volume))

    def _is_to_go(self, volume: Object) -> bool:
        is_released = (volume.get("status") or {}).get("phase") == "Released"
        is_kept = volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete"
        return is_released and not is_kept and self._is_ours(volume)

    def _is_kept(self, volume: Object) -> bool:
        """Somebody deletes it, and is to keep what is in it."""
        is_kept = volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete"
        return "deletionTimestamp" in volume["metadata"] and is_kept and self._is_ours(volume)

    async def reconcile(self, key: Key) -> float | None:
        """Make a volume for a claim, or delete one."""
        if key.namespace == _VOLUME:
            volume = self._volumes.cache.get(key.name)
            if volume is not None and self._is_to_go(volume):
                await self._delete(volume)
            elif volume is not None and self._is_kept(volume):
                await self._let_go(volume)
            return None
        claim = self._claims.cache.get(key.name, key.namespace)
        if claim is None:
            self._told.pop(key, None)
        elif self._is_for_us(claim):
            await self._provision(claim)
        elif self._wants_more(claim):
            volume = claim["spec"]["volumeName"]
            said = f'resize volume "{volume}" by resizer "{PROVISIONER}" failed: {_NO_SIZE}'
            self._tell(claim, "VolumeResizeFailed", said)
        return None

    def _tell(self, claim: Object, reason: str, message: str) -> None:
        key, news = next(iter(own(claim))), (claim["metadata"]["uid"], f"{message} {asked(claim)}")
        if self._told.get(key) != news:
            self._told[key] = news
            self._events.event(claim, reason, message, type="Warning")

    async def _provision(self, claim: Object) -> None:
        storage_class = self._classes.cache.get(claim["spec"].get("storageClassName") or "")
        if storage_class is None:
            return
        if claim["spec"].get("volumeMode") == "Block":
            of = storage_class["metadata"]["name"]
            said = f'failed to provision volume with StorageClass "{of}": directories are no block devices'
            self._tell(claim, "ProvisioningFailed", said)
            return
        path = self._place.make(f"pvc-{claim['metadata']['uid']}")
        node = claim["metadata"]["annotations"][_NODE]
        try:
            await self._client.create(VOLUMES, volume_of(claim, storage_class, path, node))
        except StatusError as error:
            if error.code != 409:
                raise

    async def _delete(self, volume: Object) -> None:
        await self._place.remove(Path((volume["spec"].get("hostPath") or {}).get("path", "")))
        if "deletionTimestamp" not in volume["metadata"]:
            try:
                await self._client.delete(VOLUMES, volume["metadata"]["name"])
            except StatusError as error:
                if error.code != 404:
                    raise
            return  # and comes again, when it is deleted
        await self._let_go(volume)

    async def _let_go(self, volume: Object) -> None:
        if FINALIZER not in (volume["metadata"].get("finalizers") or ()):
            return
        try:
            await self._client.update(VOLUMES, without_finalizer(volume, FINALIZER))
        except StatusError as error:
            if error.code != 404:  # we have let it go before, and have not been told yet that it is gone
                raise


def volume_of(claim: Object, storage_class: Object, path: Path, node: str) -> Object:
    """The volume for a claim: as large as is asked for, which nobody enforces, usable on that node."""
    meta = claim["metadata"]
    terms = [{"matchExpressions": [{"key": _HOST, "operator": "In", "values": [node]}]}]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"pvc-{meta['uid']}", "annotations": {_PROVISIONED: PROVISIONER}, "finalizers": [FINALIZER],
        },
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


__all__ = ["FINALIZER", "PROVISIONER", "Disk", "LocalPath", "Needs", "Place", "volume_of"]
