"""Where volumes appear in a container."""

from collections.abc import Mapping
from dataclasses import dataclass

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.expansion import expand
from wherry.node.pods.runtime import Mount, Propagation


@dataclass(frozen=True, slots=True)
class Ready:
    """A volume that is there. ``image``: it is one, and ``path`` is empty. ``read_only``: whatever the container says.
    ``mapped``: see :class:`wherry.node.pods.runtime.Mount`."""

    path: str
    read_only: bool = False
    mapped: bool = True
    image: str = ""


def mounts(container: Object, volumes: Mapping[str, Ready], variables: Mapping[str, str]) -> tuple[Mount, ...]:
    """Raises Invalid for a volume that is not there, or a path that leads elsewhere."""
    if container.get("volumeDevices"):
        raise Invalid(f"container {container['name']} wants block devices (volumeDevices), which is not supported")
    return tuple(_mount(each, volumes, variables) for each in container.get("volumeMounts") or ())


def _mount(each: Object, volumes: Mapping[str, Ready], variables: Mapping[str, str]) -> Mount:
    volume = volumes.get(each["name"])
    if volume is None:
        raise Invalid(f'volumeMount "{each["name"]}" has no volume that is mounted')
    read_only = bool(each.get("readOnly")) or volume.read_only
    path = each["mountPath"]
    return Mount(
        destination=path if path.startswith("/") else f"/{path}",
        source=volume.path,
        read_only=read_only,
        recursive_read_only=read_only and each.get("recursiveReadOnly") in ("Enabled", "IfPossible"),
        propagation=Propagation(each.get("mountPropagation") or "None"),
        mapped=volume.mapped,
        subpath=_subpath(each, variables),
        image=volume.image,
    )


def _subpath(each: Object, variables: Mapping[str, str]) -> str:
    path = each.get("subPath") or ""
    if each.get("subPathExpr"):
        path = expand(each["subPathExpr"], variables)
        if "$(" in path:
            raise Invalid(f'failed to expand subPath for volumeMount "{each["name"]}": missing value for {path!r}')
    if path.startswith("/"):
        raise Invalid(f"error SubPath `{path}` must not be an absolute path")
    if ".." in path.split("/"):
        raise Invalid(f"unable to provision SubPath `{path}`: must not contain '..'")
    return str(path)
