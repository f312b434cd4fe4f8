"""Which volume a claim gets, and what volumes and claims are to say. Pure."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import parse
from wherry.kube.machinery.selectors import of_object

COMPLETED = "pv.kubernetes.io/bind-completed"
BY_US = "pv.kubernetes.io/bound-by-controller"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
OLD_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
WAIT = "WaitForFirstConsumer"


class Verdict(msgspec.Struct, frozen=True):
    """What is to become of a claim that has no volume: one to bind, a provisioner to ask, or why it waits."""

    volume: Object | None = None
    provisioner: str = ""
    reason: str = ""
    message: str = ""


def is_bound(claim: Object) -> bool:
    return bool(claim["spec"].get("volumeName"))


def claim_of(volume: Object) -> Object:
    found: Object = volume["spec"].get("claimRef") or {}
    return found


def is_of(volume: Object, claim: Object) -> bool:
    """Whether the volume is for that claim, by name, and by uid where it has one."""
    reference, meta = claim_of(volume), claim["metadata"]
    same = (reference.get("namespace"), reference.get("name")) == (meta["namespace"], meta["name"])
    return same and reference.get("uid") in (None, "", meta["uid"])


def decide(claim: Object, volumes: Sequence[Object], classes: Mapping[str, Object], has_consumer: bool) -> Verdict:
    """For a claim without a volume. ``has_consumer``: a pod that uses it has been given a node, or need not wait."""
    chosen = next((each for each in volumes if is_of(each, claim) and not _is_less(each, claim)), None)
    if chosen is not None:
        return Verdict(volume=chosen)
    name = claim["spec"].get("storageClassName") or ""
    storage_class = classes.get(name)
    waits = storage_class is not None and storage_class.get("volumeBindingMode") == WAIT
    if waits and not has_consumer and SELECTED_NODE not in (claim["metadata"].get("annotations") or {}):
        message = "waiting for first consumer to be created before binding"
        return Verdict(reason="WaitForFirstConsumer", message=message)
    found = best(claim, volumes)
    if found is not None:
        return Verdict(volume=found)
    if storage_class is None:
        if name:
            return Verdict(reason="ProvisioningFailed", message=f'storageclass.storage.k8s.io "{name}" not found')
        message = "no persistent volumes available for this claim and no storage class is set"
        return Verdict(reason="FailedBinding", message=message)
    provisioner = storage_class.get("provisioner", "")
    if provisioner == "kubernetes.io/no-provisioner":
        return Verdict(reason="FailedBinding", message="no volume plugin matched name: kubernetes.io/no-provisioner")
    message = (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
        "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
        "correctly registered."
    )
    return Verdict(provisioner=provisioner, reason="ExternalProvisioning", message=message)


def _is_less(volume: Object, claim: Object) -> bool:
    """Though it is kept for the claim, it is not what that asks for (FindMatchingVolume)."""
    is_ending = "deletionTimestamp" in volume["metadata"]
    return is_ending or _size(volume) < asked_size(claim) or _mode(volume["spec"]) != _mode(claim["spec"])


def mismatch(volume: Object, claim: Object) -> str:
    """Why a claim cannot have the volume that it names, and that nobody has; empty: it can (checkVolumeSatisfyClaim,
    pkg/controller/volume/persistentvolume/pv_controller.go)."""
    spec, wanted = volume["spec"], claim["spec"]
    if _size(volume) < asked_size(claim):
        return "requested PV is too small"
    if (spec.get("storageClassName") or "") != (wanted.get("storageClassName") or ""):
        return "storageClassName does not match"
    if _mode(spec) != _mode(wanted):
        return "incompatible volumeMode"
    if not set(wanted.get("accessModes") or ()) <= set(spec.get("accessModes") or ()):
        return "incompatible accessMode"
    return ""


def _mode(spec: Object) -> str:
    return str(spec.get("volumeMode") or "Filesystem")


def asked_size(claim: Object) -> int:
    return parse(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0")).nano


def best(claim: Object, volumes: Iterable[Object]) -> Object | None:
    """The smallest that suits (component-helpers storage/volume FindMatchingVolume)."""
    suiting = [each for each in volumes if not claim_of(each) and suits(each, claim)]
    return min(suiting, key=lambda each: (_size(each), each["metadata"]["name"]), default=None)


def suits(volume: Object, claim: Object) -> bool:
    """Class, modes, size, labels. Which node it can be used on is the scheduler's to see to."""
    if "deletionTimestamp" in volume["metadata"]:
        return False
    if (volume.get("status") or {}).get("phase") not in ("Available", "Pending", None):
        return False
    selector = claim["spec"].get("selector")
    if selector is not None and not of_object(selector).matches(volume["metadata"].get("labels")):
        return False
    return not mismatch(volume, claim)


def _size(volume: Object) -> int:
    return parse((volume["spec"].get("capacity") or {}).get("storage", "0")).nano


# What is written.


def bound_volume(volume: Object, claim: Object) -> Object | None:
    """The volume as the claim's; None: it is so already."""
    reference = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim["metadata"]["namespace"],
        "name": claim["metadata"]["name"], "uid": claim["metadata"]["uid"],
    }  # fmt: skip
    before = claim_of(volume)
    if before.get("uid") == reference["uid"]:
        return None
    found = _annotated(volume, {} if before else {BY_US: "yes"})
    return {**found, "spec": {**volume["spec"], "claimRef": {**before, **reference}}}


def bound_claim(claim: Object, volume: Object) -> Object | None:
    """The claim with its volume; None: it is so already."""
    annotations = {COMPLETED: "yes"} if is_bound(claim) else {COMPLETED: "yes", BY_US: "yes"}
    has_all = annotations.items() <= (claim["metadata"].get("annotations") or {}).items()
    if claim["spec"].get("volumeName") == volume["metadata"]["name"] and has_all:
        return None
    found = _annotated(claim, annotations)
    return {**found, "spec": {**claim["spec"], "volumeName": volume["metadata"]["name"]}}


def asked_claim(claim: Object, provisioner: str) -> Object | None:
    """The claim as its provisioner looks for it; None: it is so already."""
    wanted = {PROVISIONER: provisioner, OLD_PROVISIONER: provisioner}
    if wanted.items() <= (claim["metadata"].get("annotations") or {}).items():
        return None
    return _annotated(claim, wanted)


def claim_status(claim: Object, volume: Object) -> Object | None:
    """``status`` of a bound claim; None: it is so already."""
    before = claim.get("status") or {}
    wanted = {
        "phase": "Bound",
        "accessModes": volume["spec"].get("accessModes") or [],
        "capacity": volume["spec"].get("capacity") or {},
    }
    return None if wanted.items() <= before.items() else {**before, **wanted}


def volume_phase(volume: Object, claim: Object | None) -> str:
    """``claim`` is the one that it is for, if that is there."""
    if not claim_of(volume):
        return "Available"
    if not claim_of(volume).get("uid"):
        return "Available"  # kept for a claim that is yet to come
    if claim is not None and claim["metadata"]["uid"] == claim_of(volume)["uid"]:
        return "Bound"
    return "Failed" if unreclaimable(volume) is not None else "Released"


def unreclaimable(volume: Object) -> tuple[str, str] | None:
    """Reason and message, of a volume that nobody has made who could delete it, though it is to be (reclaimVolume,
    pkg/controller/volume/persistentvolume/pv_controller.go); None: it waits for who made it, or is to stay."""
    meta, policy = volume["metadata"], volume["spec"].get("persistentVolumeReclaimPolicy")
    if PROVISIONED_BY in (meta.get("annotations") or {}):
        return None
    if policy == "Recycle":
        return "VolumeFailedRecycle", "No recycler plugin found for the volume!"
    if policy == "Delete":
        said = f'error getting deleter volume plugin for volume "{meta["name"]}": no deletable volume plugin matched'
        return "VolumeFailedDelete", said
    return None


def _annotated(obj: Object, more: Mapping[str, str]) -> Object:
    if not more:
        return dict(obj)
    meta = obj["metadata"]
    return {**obj, "metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), **more}}}
