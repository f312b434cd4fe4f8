"""Persistent volumes of this machine: from a claim to a path (pkg/kubelet/volumemanager/populator)."""

from dataclasses import dataclass

from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.nodeselectors import NodeDemand, node_terms
from wherry.kube.machinery.status import StatusError
from wherry.node.pods.volumes.payloads import source_kind

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
LOCAL = ("hostPath", "local")
_ONE_POD = "ReadWriteOncePod"
_ANYWHERE = NodeDemand()
_NO_SOURCE = frozenset({
    "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
    "storageClassName", "volumeAttributesClassName", "volumeMode",
})  # fmt: skip
"""Of a volume's spec, what says nothing of where it is."""


@dataclass(frozen=True, slots=True)
class Persistent:
    """``name`` of the volume; ``kind``: ``local`` (a file system of the machine, that the pod's group can be given),
    ``hostPath``, or another, which has no path; ``driver`` of CSI; ``nodes``: on which it is; ``is_for_one``: one pod
    alone may have it."""

    name: str
    path: str
    kind: str
    type: str = ""
    read_only: bool = False
    driver: str = ""
    nodes: NodeDemand = _ANYWHERE
    is_for_one: bool = False


def claim_name(pod: Object, volume: Object) -> str:
    """Of a volume that is a claim, or that a claim is made for (``ephemeral``)."""
    if source_kind(volume) == "ephemeral":
        return f"{pod['metadata']['name']}-{volume['name']}"
    return str(volume["persistentVolumeClaim"]["claimName"])


async def persistent(client: Client, pod: Object, volume: Object) -> Persistent:
    """Raises NotFound, Unavailable (not bound yet), Invalid."""
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
    spec = found["spec"]
    kind = next((name for name in spec if name not in _NO_SOURCE and spec[name] is not None), "")
    source = spec.get(kind) or {}
    affinity = (spec.get("nodeAffinity") or {}).get("required")
    return Persistent(
        name=found["metadata"]["name"],
        path=source["path"] if kind in LOCAL else "",
        kind=kind,
        type=source.get("type") or "",
        read_only=read_only or spec.get("accessModes") == ["ReadOnlyMany"],
        driver=source.get("driver") or "",
        nodes=NodeDemand(terms=node_terms(affinity)),
        is_for_one=spec.get("accessModes") == [_ONE_POD],
    )


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
