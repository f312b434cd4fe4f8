"""Persistent volumes of this machine: from a claim to a path (pkg/kubelet/volumemanager/populator)."""

from dataclasses import dataclass

from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.node.pods.volumes.payloads import source_kind

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
_LOCAL = ("hostPath", "local")


@dataclass(frozen=True, slots=True)
class Persistent:
    """``name`` of the volume; ``kind``: ``local`` (a file system of the machine, that the pod's group can be given) or
    ``hostPath``."""

    name: str
    path: str
    kind: str
    type: str = ""
    read_only: bool = False


def claim_name(pod: Object, volume: Object) -> str:
    """Of a volume that is a claim, or that a claim is made for (``ephemeral``)."""
    if source_kind(volume) == "ephemeral":
        return f"{pod['metadata']['name']}-{volume['name']}"
    return str(volume["persistentVolumeClaim"]["claimName"])


async def persistent(client: Client, pod: Object, volume: Object) -> Persistent:
    """Raises NotFound, Unavailable (not bound yet), Invalid (it is no volume of this machine)."""
    namespace, name = pod["metadata"]["namespace"], claim_name(pod, volume)
    claim = await _get(client, CLAIMS, name, namespace)
    if source_kind(volume) == "ephemeral" and not _is_owned(claim, pod):
        raise Invalid(f"PVC {namespace}/{name} was not created for pod {namespace}/{pod['metadata']['name']}")
    spec, phase = claim["spec"], (claim.get("status") or {}).get("phase", "")
    if claim["metadata"].get("deletionTimestamp") and not (claim["metadata"].get("finalizers")):
        raise Unavailable("PVC is being deleted")
    if phase != "Bound" or not spec.get("volumeName"):
        raise Unavailable("PVC is not bound")
    if (spec.get("volumeMode") or "Filesystem") != "Filesystem":
        raise Invalid(f"PVC {namespace}/{name} is a block device, which is not supported")
    found = await _get(client, VOLUMES, spec["volumeName"])
    reference = found["spec"].get("claimRef") or {}
    if reference.get("uid") != claim["metadata"].get("uid"):
        raise Unavailable(f"PV {spec['volumeName']} is not bound to PVC {namespace}/{name}")
    asked = (volume.get("persistentVolumeClaim") or {}).get("readOnly")
    return _of(found, bool(asked))


def _of(found: Object, read_only: bool) -> Persistent:
    for kind in _LOCAL:
        source = found["spec"].get(kind)
        if source is not None:
            only = read_only or found["spec"].get("accessModes") == ["ReadOnlyMany"]
            return Persistent(found["metadata"]["name"], source["path"], kind, source.get("type") or "", only)
    raise Invalid(f"PV {found['metadata']['name']} is no hostPath and no local volume, which are all that is supported")


def _is_owned(claim: Object, pod: Object) -> bool:
    owners = claim["metadata"].get("ownerReferences") or ()
    return any(each.get("controller") and each.get("uid") == pod["metadata"]["uid"] for each in owners)


async def _get(client: Client, resource: GroupVersionResource, name: str, namespace: str = "") -> Object:
    try:
        return await client.get(resource, name, namespace)
    except StatusError as error:
        if error.code != 404:
            raise
        what = (
            f"PVC from API server: {CLAIMS.resource}"
            if resource == CLAIMS
            else f"PV {name} from API server: {VOLUMES.resource}"
        )
        raise NotFound(f'failed to fetch {what} "{name}" not found') from error
