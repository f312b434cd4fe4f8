"""Looks at claims and volumes when they, their classes or the pods that use them change."""

from collections.abc import Iterable

from wherry.kube.controllers.frame import Interest, Key, Needs, own
from wherry.kube.controllers.volumebinding import plan
from wherry.kube.machinery.model import GroupVersionResource, Object

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
PODS = GroupVersionResource("", "v1", "pods")
CLASSES = GroupVersionResource("storage.k8s.io", "v1", "storageclasses")
_QUIET = frozenset({"WaitForFirstConsumer", "ExternalProvisioning"})
_VOLUME = "\0volume"
"""In place of a namespace, which no namespace can be: the key is of a volume."""


class VolumeBinder:
    """A Reconciler; keys are claims, and volumes."""

    name = "persistentvolume-controller"

    def __init__(self, needs: Needs) -> None:
        informers = needs.informers
        self._client = needs.client
        self._recorder = needs.recorder.by(self.name)
        self._claims = informers.of(CLAIMS)
        self._volumes = informers.of(VOLUMES)
        self._classes = informers.of(CLASSES)
        self._told: dict[str, str] = {}
        """By a claim's uid: what was said last of why it waits; it is said once."""
        self.interests = (
            Interest(self._claims, self._of_claim),
            Interest(self._volumes, self._of_volume),
            Interest(self._classes, self._waiting),
        )

    def _of_claim(self, claim: Object) -> Iterable[Key]:
        yield from own(claim)
        for volume in self._volumes.cache:
            if plan.is_of(volume, claim) or volume["metadata"]["name"] == claim["spec"].get("volumeName"):
                yield Key(_VOLUME, volume["metadata"]["name"])

    def _of_volume(self, volume: Object) -> Iterable[Key]:
        yield Key(_VOLUME, volume["metadata"]["name"])
        reference = plan.claim_of(volume)
        if reference:
            yield Key(reference.get("namespace", ""), reference["name"])
            return
        name = volume["metadata"]["name"]
        for claim in self._claims.cache:
            if not plan.is_bound(claim) or claim["spec"]["volumeName"] == name:
                yield from own(claim)

    def _waiting(self, _: Object) -> Iterable[Key]:
        return (key for claim in self._claims.cache if not plan.is_bound(claim) for key in own(claim))

    async def reconcile(self, key: Key) -> float | None:
        if key.namespace == _VOLUME:
            await self._look_at_volume(key.name)
            return None
        claim = self._claims.cache.get(key.name, key.namespace)
        if claim is None:
            return None
        if "deletionTimestamp" in claim["metadata"]:
            return None
        if plan.is_bound(claim):
            await self._complete(claim)
        else:
            await self._find(claim)
        return None

    async def _find(self, claim: Object) -> None:
        classes = {each["metadata"]["name"]: each for each in self._classes.cache}
        volumes = sorted(self._volumes.cache, key=lambda each: str(each["metadata"]["name"]))
        verdict = plan.decide(claim, volumes, classes, has_consumer=False)
        if verdict.provisioner:
            asked = plan.asked_claim(claim, verdict.provisioner)
            if asked is not None:
                await self._client.update(CLAIMS, asked, claim["metadata"]["namespace"])
        if verdict.volume is None:
            self._tell(claim, verdict.reason, verdict.message)
            await self._phase_of(claim, "Pending")
            return
        await self._bind(claim, verdict.volume)

    async def _bind(self, claim: Object, volume: Object) -> None:
        changed = plan.bound_volume(volume, claim)
        if changed is not None:
            volume = await self._client.update(VOLUMES, changed)
        completed = plan.bound_claim(claim, volume)
        if completed is not None:
            claim = await self._client.update(CLAIMS, completed, claim["metadata"]["namespace"])
        await self._status(claim, volume)
        self._told.pop(claim["metadata"]["uid"], None)

    async def _complete(self, claim: Object) -> None:
        """A claim that names its volume: by us, or by its author."""
        volume = self._volumes.cache.get(claim["spec"]["volumeName"])
        if volume is None:
            if plan.COMPLETED in (claim["metadata"].get("annotations") or {}):
                self._tell(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
                await self._phase_of(claim, "Lost")
            else:
                await self._phase_of(claim, "Pending")
            return
        is_free = not plan.claim_of(volume)
        if is_free and (why := plan.mismatch(volume, claim)):
            name = volume["metadata"]["name"]
            self._tell(claim, "VolumeMismatch", f'Cannot bind to requested volume "{name}": {why}')
            await self._phase_of(claim, "Pending")
        elif is_free or plan.is_of(volume, claim):
            await self._bind(claim, volume)
        elif plan.COMPLETED in (claim["metadata"].get("annotations") or {}):
            await self._phase_of(claim, "Lost")

    async def _status(self, claim: Object, volume: Object) -> None:
        status = plan.claim_status(claim, volume)
        if status is not None:
            changed = {**claim, "status": status}
            await self._client.update(CLAIMS, changed, claim["metadata"]["namespace"], subresource="status")

    async def _phase_of(self, claim: Object, phase: str) -> None:
        if (claim.get("status") or {}).get("phase") != phase:
            changed = {**claim, "status": {**(claim.get("status") or {}), "phase": phase}}
            meta = dict(changed["metadata"])
            meta.pop("resourceVersion", None)  # we may just have written it
            changed["metadata"] = meta
            await self._client.update(CLAIMS, changed, meta["namespace"], subresource="status")

    def _tell(self, claim: Object, reason: str, message: str) -> None:
        uid = claim["metadata"]["uid"]
        if self._told.get(uid) == message:
            return
        self._told[uid] = message
        self._recorder.event(claim, reason, message, type="Normal" if reason in _QUIET else "Warning")

    async def _look_at_volume(self, name: str) -> None:
        volume = self._volumes.cache.get(name)
        if volume is None:
            return
        reference = plan.claim_of(volume)
        claim = self._claims.cache.get(reference["name"], reference.get("namespace", "")) if reference else None
        phase = plan.volume_phase(volume, claim)
        if (volume.get("status") or {}).get("phase") == phase:
            return
        status = {name: value for name, value in (volume.get("status") or {}).items() if name != "message"}
        why = plan.unreclaimable(volume) if phase == "Failed" else None
        if why is not None:
            status["message"] = why[1]
            self._recorder.event(volume, *why, type="Warning")
        await self._client.update(VOLUMES, {**volume, "status": {**status, "phase": phase}}, subresource="status")
