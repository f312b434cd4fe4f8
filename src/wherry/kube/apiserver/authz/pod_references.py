"""What a pod and a volume refer to (k8s.io/kubernetes pkg/api/v1/pod/util.go, pkg/api/v1/persistentvolume/util.go)."""

from collections.abc import Iterator

from wherry.kube.machinery.model import Object

Reference = tuple[str, str]
"""Resource and name, in the pod's namespace: ``("secrets", "a")``."""

MIRROR = "kubernetes.io/config.mirror"
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_SECRET_SOURCES = ("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos")
"""Kinds of volume with a ``secretRef``."""
_VISIBLE_OF_CSI = ("nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef")
"""Those that a node needs; the others are for controllers."""


def references(pod: Object) -> set[Reference]:
    """What the node of this pod may read for it. Nothing for a mirror pod: nodes create those themselves."""
    meta, spec = pod["metadata"], pod.get("spec") or {}
    if MIRROR in (meta.get("annotations") or {}):
        return set()
    found: set[Reference] = set()
    if account := spec.get("serviceAccountName"):
        found.add(("serviceaccounts", account))
    for each in spec.get("imagePullSecrets") or ():
        found.add(("secrets", each.get("name", "")))
    for field in _CONTAINERS:
        for container in spec.get(field) or ():
            found.update(_of_environment(container))
    for volume in spec.get("volumes") or ():
        found.update(_of_volume(volume, meta["name"]))
    found.update(_of_claims(spec, pod.get("status") or {}))
    return {each for each in found if each[1]}


def _of_environment(container: Object) -> Iterator[Reference]:
    for source in container.get("envFrom") or ():
        yield from _of_pair(source, "secretRef", "configMapRef")
    for variable in container.get("env") or ():
        yield from _of_pair(variable.get("valueFrom") or {}, "secretKeyRef", "configMapKeyRef")


def _of_pair(source: Object, secret: str, config_map: str) -> Iterator[Reference]:
    if secret in source:
        yield "secrets", (source[secret] or {}).get("name", "")
    if config_map in source:
        yield "configmaps", (source[config_map] or {}).get("name", "")


def _of_volume(volume: Object, pod: str) -> Iterator[Reference]:
    yield "secrets", (volume.get("secret") or {}).get("secretName", "")
    yield "configmaps", (volume.get("configMap") or {}).get("name", "")
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield from _of_pair(source, "secret", "configMap")
    for kind in _SECRET_SOURCES:
        yield "secrets", ((volume.get(kind) or {}).get("secretRef") or {}).get("name", "")
    yield "secrets", (volume.get("azureFile") or {}).get("secretName", "")
    yield "secrets", ((volume.get("csi") or {}).get("nodePublishSecretRef") or {}).get("name", "")
    if claim := volume.get("persistentVolumeClaim"):
        yield "persistentvolumeclaims", claim.get("claimName", "")
    elif volume.get("ephemeral") is not None:
        yield "persistentvolumeclaims", f"{pod}-{volume['name']}"


def _of_claims(spec: Object, status: Object) -> Iterator[Reference]:
    """Resource claims: named outright, or made from a template (the status says under which name)."""
    made = {each["name"]: each.get("resourceClaimName", "") for each in status.get("resourceClaimStatuses") or ()}
    for claim in spec.get("resourceClaims") or ():
        yield "resourceclaims", claim.get("resourceClaimName") or made.get(claim["name"], "")
    extended = status.get("extendedResourceClaimStatus") or {}
    yield "resourceclaims", extended.get("resourceClaimName", "")


def claim_of(volume: Object) -> tuple[str, str] | None:
    """Namespace and name of the claim that a persistent volume is bound to."""
    claim = (volume.get("spec") or {}).get("claimRef")
    return (claim.get("namespace", ""), claim.get("name", "")) if claim else None


def volume_secrets(volume: Object) -> set[tuple[str, str]]:
    """Namespace and name of the secrets that a node needs for a bound persistent volume."""
    claim = claim_of(volume)
    if claim is None:
        return set()
    spec = volume["spec"]
    found = [(spec.get(kind) or {}).get("secretRef") or {} for kind in _SECRET_SOURCES]
    found += [(spec.get("csi") or {}).get(field) or {} for field in _VISIBLE_OF_CSI]
    azure = spec.get("azureFile") or {}
    found.append({"name": azure.get("secretName", ""), "namespace": azure.get("secretNamespace") or ""})
    return {(each.get("namespace") or claim[0], each["name"]) for each in found if each.get("name")}
