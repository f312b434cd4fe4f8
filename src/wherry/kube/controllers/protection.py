"""Claims and volumes that are in use stay until they are not (k8s.io/kubernetes pkg/controller/volume/pvcprotection,
pkg/controller/volume/pvprotection).

Nothing is watched but claims and volumes: of the few that are being deleted while in use, who uses them is asked.
"""

from wherry.kube.controllers.frame import Interest, Key, Needs, found, without_finalizer
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.times import parse

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
PODS = GroupVersionResource("", "v1", "pods")
CLAIM_FINALIZER = "kubernetes.io/pvc-protection"
VOLUME_FINALIZER = "kubernetes.io/pv-protection"
_SOON_SECONDS, _LATE_SECONDS = 1.0, 15.0


class ClaimProtection:
    """A Reconciler; keys are claims."""

    name = "pvc-protection-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self.interests = (Interest(needs.informers.of(CLAIMS)),)

    async def reconcile(self, key: Key) -> float | None:
        claim = await found(self._client, CLAIMS, key)
        if claim is None:
            return None
        meta = claim["metadata"]
        is_protected = CLAIM_FINALIZER in (meta.get("finalizers") or ())
        if "deletionTimestamp" not in meta:
            if not is_protected:
                protected = [*(meta.get("finalizers") or ()), CLAIM_FINALIZER]
                await self._client.update(
                    CLAIMS, {**claim, "metadata": {**meta, "finalizers": protected}}, key.namespace
                )
            return None
        if not is_protected:
            return None
        pods = (await self._client.list(PODS, key.namespace)).items
        if any(uses(pod, key.name) for pod in pods):
            taken = (self._clock.now() - parse(meta["deletionTimestamp"])).total_seconds()
            return min(max(taken / 4, _SOON_SECONDS), _LATE_SECONDS)
        await self._client.update(CLAIMS, without_finalizer(claim, CLAIM_FINALIZER), key.namespace)
        return None


def _protected(obj: Object, finalizer: str) -> Object:
    meta = obj["metadata"]
    return {**obj, "metadata": {**meta, "finalizers": [*(meta.get("finalizers") or ()), finalizer]}}


def uses(pod: Object, claim: str) -> bool:
    """A pod on a node has the claim among its volumes. One that is on none cannot begin with it any more; one that
    has ended holds what it named, but not what was made for it alone."""
    spec = pod.get("spec") or {}
    if not spec.get("nodeName"):
        return False
    is_over = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    for volume in spec.get("volumes") or ():
        if (volume.get("persistentVolumeClaim") or {}).get("claimName") == claim:
            return True
        if volume.get("ephemeral") is not None and f"{pod['metadata']['name']}-{volume.get('name')}" == claim:
            return not is_over
    return False


class VolumeProtection:
    """A Reconciler; keys are volumes."""

    name = "pv-protection-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self.interests = (Interest(needs.informers.of(VOLUMES)),)

    async def reconcile(self, key: Key) -> float | None:
        volume = await found(self._client, VOLUMES, key)
        if volume is None:
            return None
        meta = volume["metadata"]
        is_protected = VOLUME_FINALIZER in (meta.get("finalizers") or ())
        if "deletionTimestamp" not in meta and not is_protected:
            await self._client.update(VOLUMES, _protected(volume, VOLUME_FINALIZER))
        elif "deletionTimestamp" in meta and is_protected and (volume.get("status") or {}).get("phase") != "Bound":
            await self._client.update(VOLUMES, without_finalizer(volume, VOLUME_FINALIZER))
        return None
