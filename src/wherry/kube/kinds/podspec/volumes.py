"""Volumes of pods."""

from collections.abc import Sequence

from wherry.kube.kinds.podspec.claims import validate_claim_template
from wherry.kube.kinds.podspec.projected import validate_projected
from wherry.kube.kinds.podspec.sources import Rule, validate_source
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, forbidden, invalid, required
from wherry.kube.machinery.model import Object

SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
    "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc",
    "flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
    "storageos", "projected", "scaleIO", "csi", "ephemeral", "image",
)  # fmt: skip
"""In the order in which the first one counts."""
MORE_THAN_ONE = "may not specify more than 1 volume type"
_PORTAL_CHARACTERS = 64


def validate_volumes(
    volumes: Sequence[Object], pod_name: str, path: Path, *, is_pod: bool
) -> tuple[dict[str, Object], list[FieldError]]:
    """The valid ones by name, and what is wrong with the others. ``pod_name`` is empty where it is not known."""
    errors: list[FieldError] = []
    valid: dict[str, Object] = {}
    claims = {f"{pod_name}-{each.get('name', '')}" for each in volumes if pod_name and each.get("ephemeral")}
    for position, volume in enumerate(volumes):
        at, name = path.index(position), volume.get("name", "")
        found = _validate_volume(volume, pod_name, at, is_pod)
        if not name:
            found.append(required(at.child("name")))
        elif complaints := names.dns1123_label(name):
            found += names.complain(at.child("name"), name, complaints)
        if name in valid:
            found.append(duplicate(at.child("name"), name))
        if not found:
            valid[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        if claim in claims:
            own = "must not reference a PVC that gets created for an ephemeral volume"
            found.append(invalid(at.child("persistentVolumeClaim", "claimName"), claim, own))
        errors += found
    return valid, errors


def _validate_volume(volume: Object, pod_name: str, path: Path, is_pod: bool) -> list[FieldError]:
    kinds = [kind for kind in SOURCES if volume.get(kind) is not None]
    if not kinds:
        return [required(path, "must specify a volume type")]
    first, source, name = kinds[0], volume[kinds[0]], volume.get("name", "")
    errors = validate_source(first, source, path, _RULES)
    if first == "iscsi" and source.get("initiatorName") is not None:
        if len(f"{name}:{source.get('targetPortal', '')}") > _PORTAL_CHARACTERS:
            errors.append(invalid(path.child("name"), name, PORTAL_TOO_LONG))
    elif first == "ephemeral" and pod_name and name:
        claim = f"{pod_name}-{name}"
        complaints = [f'PVC name "{claim}": {each}' for each in names.dns1123_subdomain(claim)]
        errors += names.complain(path.child("name"), name, complaints)
    elif first == "image" and is_pod and not source.get("reference"):
        errors.append(required(path.child("image", "reference")))
    return errors + [forbidden(path.child(each), MORE_THAN_ONE) for each in kinds[1:]]


PORTAL_TOO_LONG = (
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
    "if iscsi.initiatorName is specified."
)


def _ephemeral(source: Object, path: Path) -> list[FieldError]:
    template = source.get("volumeClaimTemplate")
    at = path.child("volumeClaimTemplate")
    return [required(at)] if template is None else validate_claim_template(template, at)


_RULES: dict[str, Rule] = {"projected": validate_projected, "ephemeral": _ephemeral}
