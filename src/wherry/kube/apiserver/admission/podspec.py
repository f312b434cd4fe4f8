"""Every container of a pod, and everything that a pod refers to.

Checks must look at all of them: upstream's missed ephemeral containers, then ``envFrom`` (CVE-2023-2727, CVE-2023-2728,
CVE-2024-3177). Who looks at containers does it by this file; a test walks the schema to see that nothing is left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

from wherry.kube.machinery.model import GroupResource, Object

CONTAINER_FIELDS = ("initContainers", "containers", "ephemeralContainers")
"""In the order in which upstream visits them."""

TEMPLATES: dict[GroupResource, tuple[str, ...]] = {
    GroupResource("", "pods"): (),
    GroupResource("", "replicationcontrollers"): ("spec", "template"),
    GroupResource("", "podtemplates"): ("template",),
    GroupResource("apps", "replicasets"): ("spec", "template"),
    GroupResource("apps", "deployments"): ("spec", "template"),
    GroupResource("apps", "statefulsets"): ("spec", "template"),
    GroupResource("apps", "daemonsets"): ("spec", "template"),
    GroupResource("batch", "jobs"): ("spec", "template"),
    GroupResource("batch", "cronjobs"): ("spec", "jobTemplate", "spec", "template"),
}
"""Where the pod is in an object that makes pods."""


class Placed(NamedTuple):
    """A container and the path of its field: ``spec.initContainers[0]``."""

    path: str
    container: Object


def placed_containers(spec: Object, path: str = "spec") -> Iterator[Placed]:
    """All containers of a pod's spec, each with its place."""
    for field in CONTAINER_FIELDS:
        for position, container in enumerate(spec.get(field) or ()):
            yield Placed(f"{path}.{field}[{position}]", container)


def containers(spec: Object) -> Iterator[Object]:
    """All containers of a pod's spec."""
    for field in CONTAINER_FIELDS:
        yield from spec.get(field) or ()


def template_of(resource: GroupResource, obj: Object) -> Object | None:
    """The pod or pod template (``metadata`` and ``spec``) in an object; None: there is none."""
    found: Object | None = obj
    for name in TEMPLATES[resource]:
        found = (found or {}).get(name)
    return found


class Used(NamedTuple):
    """``how``: the field that refers to it, as a refusal names it."""

    name: str
    how: str


def secrets_of_containers(spec: Object, fields: tuple[str, ...] = CONTAINER_FIELDS) -> Iterator[tuple[Object, Used]]:
    """Secrets that containers take their environment from."""
    for container in (each for field in fields for each in spec.get(field) or ()):
        for variable in container.get("env") or ():
            name = ((variable.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name")
            if name:
                yield container, Used(name, f"env[{variable.get('name', '')}]")
        for source in container.get("envFrom") or ():
            name = (source.get("secretRef") or {}).get("name")
            if name:
                yield container, Used(name, "envFrom")


def secrets_of_volume(volume: Object) -> Iterator[Used]:
    """Secrets that a volume shows or is mounted with."""
    if name := (volume.get("secret") or {}).get("secretName"):
        yield Used(name, "secret.secretName")
    for source in (volume.get("projected") or {}).get("sources") or ():
        if name := (source.get("secret") or {}).get("name"):
            yield Used(name, "projected.sources.secret.name")
    for kind in ("cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"):
        if name := ((volume.get(kind) or {}).get("secretRef") or {}).get("name"):
            yield Used(name, f"{kind}.secretRef.name")
    if name := (volume.get("azureFile") or {}).get("secretName"):
        yield Used(name, "azureFile.secretName")
    if name := ((volume.get("csi") or {}).get("nodePublishSecretRef") or {}).get("name"):
        yield Used(name, "csi.nodePublishSecretRef.name")


def refers_to_secrets(spec: Object) -> bool:
    """Any at all, for pulling images too."""
    if any(each.get("name") for each in spec.get("imagePullSecrets") or ()):
        return True
    if any(True for _ in secrets_of_containers(spec)):
        return True
    return any(True for volume in spec.get("volumes") or () for _ in secrets_of_volume(volume))


def refers_to_config_maps(spec: Object) -> bool:
    """Any at all."""
    for container in containers(spec):
        for variable in container.get("env") or ():
            if (variable.get("valueFrom") or {}).get("configMapKeyRef"):
                return True
        if any(source.get("configMapRef") for source in container.get("envFrom") or ()):
            return True
    for volume in spec.get("volumes") or ():
        sources = (volume.get("projected") or {}).get("sources") or ()
        if volume.get("configMap") or any(source.get("configMap") for source in sources):
            return True
    return False
