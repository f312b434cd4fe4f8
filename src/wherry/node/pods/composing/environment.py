"""A container's environment: services, envFrom, env (pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables)."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wherry.kit.errors import Invalid, NotFound
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing import envfiles
from wherry.node.pods.composing.expansion import expand
from wherry.node.pods.composing.fields import UNKNOWN, Surroundings, field_value, resource_value

Find = Callable[[str, str], Object | None]
"""``configmaps`` or ``secrets``, and a name in the pod's namespace → the object, None when there is none."""
_WORDS = {"configmaps": ("configmap", "ConfigMap"), "secrets": ("secret", "Secret")}


def _no_files(volume: str, path: str) -> str | None:
    raise Invalid(f'cannot find the volume "{volume}" referenced by FileKeyRef')


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from. ``services``: variables of services; ``file``: a volume and a path in it → the file's
    text, None: there is none."""

    find: Find
    around: Surroundings = UNKNOWN
    services: Mapping[str, str] = field(default_factory=dict)
    file: Callable[[str, str], str | None] = _no_files


def references(container: Object) -> set[tuple[str, str]]:
    """The ``configmaps`` and ``secrets`` that the environment needs, by name."""
    found: set[tuple[str, str]] = set()
    for each in container.get("envFrom") or ():
        _add(found, "configmaps", each.get("configMapRef"))
        _add(found, "secrets", each.get("secretRef"))
    for each in container.get("env") or ():
        source = each.get("valueFrom") or {}
        _add(found, "configmaps", source.get("configMapKeyRef"))
        _add(found, "secrets", source.get("secretKeyRef"))
    return found


def _add(found: set[tuple[str, str]], kind: str, reference: Object | None) -> None:
    if reference and reference.get("name"):
        found.add((kind, reference["name"]))


def environment(pod: Object, container: Object, sources: Sources) -> dict[str, str]:
    """In the order in which it was said; what is said later wins, and what the pod says over its services. Raises
    NotFound for an object or a key that is not there and not optional; Invalid for what cannot be done."""
    found: dict[str, str] = {}
    for each in container.get("envFrom") or ():
        found.update(_whole(each, pod["metadata"]["namespace"], sources))
    for each in container.get("env") or ():
        value = _one(each, pod, container, sources, found)
        if value is not None:
            found[each["name"]] = value
    return {**{name: value for name, value in sources.services.items() if name not in found}, **found}


def _whole(each: Object, namespace: str, sources: Sources) -> dict[str, str]:
    """All that is in an object, under names that can be a variable's."""
    prefix = each.get("prefix") or ""
    for kind, reference in (("configmaps", each.get("configMapRef")), ("secrets", each.get("secretRef"))):
        if reference is None:
            continue
        holder = _holder(kind, reference, sources)
        if holder is None:
            return {}
        values = _texts(kind, holder)
        return {prefix + key: text(value) for key, value in values.items() if is_variable(prefix + key)}
    raise Invalid(f"envFrom of a source that is not known in namespace {namespace}")


def is_variable(name: str) -> bool:
    """Printable ASCII without an equals sign (1.34 and later; before, an identifier)."""
    return bool(name) and all(" " <= character <= "~" and character != "=" for character in name)


def _holder(kind: str, reference: Object, sources: Sources) -> Object | None:
    """None: it is not there, and need not be."""
    name = reference.get("name", "")
    found = sources.find(kind, name)
    if found is None and not reference.get("optional"):
        raise NotFound(f'{_WORDS[kind][0]} "{name}" not found')
    return found


def data(kind: str, holder: Object) -> dict[str, bytes]:
    """What a config map or a secret holds."""
    if kind == "secrets":
        return {key: b64decode(value) for key, value in (holder.get("data") or {}).items()}
    values = {key: str(value).encode() for key, value in (holder.get("data") or {}).items()}
    return values | {key: b64decode(value) for key, value in (holder.get("binaryData") or {}).items()}


def _texts(kind: str, holder: Object) -> dict[str, bytes]:
    """What variables are made of: a config map's binary data is for files only, as it may hold any bytes."""
    return data(kind, holder if kind == "secrets" else {"data": holder.get("data")})


def text(value: bytes) -> str:
    """Bytes as an environment has them: what is no UTF-8 passes through ``os.fsencode``."""
    return value.decode("utf-8", "surrogateescape")


def _one(each: Object, pod: Object, container: Object, sources: Sources, known: Mapping[str, str]) -> str | None:
    """None: it is not set at all."""
    source = each.get("valueFrom")
    if source is None:
        return expand(each.get("value") or "", known, sources.services)
    for kind, reference in (("configmaps", source.get("configMapKeyRef")), ("secrets", source.get("secretKeyRef"))):
        if reference is not None:
            return _key(kind, reference, pod["metadata"]["namespace"], sources)
    if source.get("fieldRef") is not None:
        return field_value(pod, source["fieldRef"].get("fieldPath", ""), sources.around)
    if source.get("fileKeyRef") is not None:
        return _of_file(source["fileKeyRef"], sources)
    if source.get("resourceFieldRef") is not None:
        reference = source["resourceFieldRef"]
        about = _container(pod, reference.get("containerName") or "") or container
        return resource_value(about, reference, sources.around)
    raise Invalid(f"the value of {each['name']} comes from {', '.join(source) or 'nowhere'}, which is not supported")


def _of_file(reference: Object, sources: Sources) -> str | None:
    key, path = reference.get("key", ""), reference.get("path", "")
    if len(key) > envfiles.LONGEST_KEY:
        raise Invalid(f'environment variable key "{key}" exceeds maximum length of {envfiles.LONGEST_KEY} characters')
    text = sources.file(reference.get("volumeName", ""), path)
    value = None if text is None else envfiles.value(text, key)
    if value is None:
        if reference.get("optional"):
            return None
        raise NotFound(f'environment variable key "{key}" not found in file "{path}"')
    if len(value.encode("utf-8", "surrogateescape")) > envfiles.LONGEST_VALUE_BYTES:
        raise Invalid(f'environment variable value for key "{key}" exceeds maximum size of 32KB')
    return value


def _container(pod: Object, name: str) -> Object | None:
    kinds = ("containers", "initContainers")
    return next((each for kind in kinds for each in pod["spec"].get(kind) or () if each["name"] == name), None)


def _key(kind: str, reference: Object, namespace: str, sources: Sources) -> str | None:
    holder = _holder(kind, reference, sources)
    if holder is None:
        return None
    key, name = reference.get("key", ""), reference.get("name", "")
    values = _texts(kind, holder)
    if key not in values:
        if reference.get("optional"):
            return None
        raise NotFound(f"couldn't find key {key} in {_WORDS[kind][1]} {namespace}/{name}")
    return text(values[key])
