"""Environment variables of containers, and references to fields of the pod."""

import re
from collections.abc import Collection, Sequence

from wherry.kube.kinds.checking import read_quantity
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_found, not_supported, required
from wherry.kube.machinery.model import Object

_ENV_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
VOLUME_FIELDS = ("metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid")
_KNOWN_FIELDS = frozenset(_ENV_FIELDS + VOLUME_FIELDS) | {"spec.restartPolicy", "spec.schedulerName", "status.phase"}
_RESOURCES = (
    "limits.cpu", "limits.memory", "limits.ephemeral-storage",
    "requests.cpu", "requests.memory", "requests.ephemeral-storage",
)  # fmt: skip
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_SUBSCRIPTED = re.compile(r"(.*)\['(.*)'\]", re.DOTALL)
_CPU_DIVISORS: tuple[str, ...] = ("1", "1m")
_BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")


def validate_environment(variables: Sequence[Object], volumes: Collection[str], path: Path) -> list[FieldError]:
    """``volumes``: the names of those that are empty directories, whose files may be read."""
    errors: list[FieldError] = []
    for position, variable in enumerate(variables):
        name = variable.get("name", "")
        if not name:
            errors.append(required(path.index(position).child("name")))
        elif complaints := names.environment_variable(name):
            errors += names.complain(path.index(position).child("name"), name, complaints)
        if variable.get("valueFrom") is not None:
            errors += _validate_source(variable, volumes, path.index(position).child("valueFrom"))
    return errors


def _validate_source(variable: Object, volumes: Collection[str], path: Path) -> list[FieldError]:
    source = variable["valueFrom"]
    errors: list[FieldError] = []
    kinds = [kind for kind, value in source.items() if value is not None]
    for kind in kinds:
        at = path.child(kind)
        if kind == "fieldRef":
            errors += validate_field_reference(source[kind], _ENV_FIELDS, at)
        elif kind == "resourceFieldRef":
            errors += validate_resource_reference(source[kind], at, in_volume=False)
        elif kind == "fileKeyRef":
            errors += _validate_file_key(source[kind], volumes, at)
        else:
            errors += _validate_key(source[kind], at)
    if not kinds:
        one_of = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        errors.append(invalid(path, "", f"must specify one of: {one_of}"))
    elif variable.get("value"):
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(kinds) > 1:
        errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors


def _validate_key(selector: Object, path: Path) -> list[FieldError]:
    """Of a ConfigMap's or Secret's key."""
    name, key = selector.get("name", ""), selector.get("key", "")
    errors = names.complain(path.child("name"), name, names.dns1123_subdomain(name))
    if not key:
        return [*errors, required(path.child("key"))]
    return errors + names.complain(path.child("key"), key, names.config_key(key))


def _validate_file_key(selector: Object, volumes: Collection[str], path: Path) -> list[FieldError]:
    key, file, volume = selector.get("key", ""), selector.get("path", ""), selector.get("volumeName", "")
    errors: list[FieldError] = []
    if not volume:
        errors.append(required(path.child("volumeName")))
    elif volume not in volumes:
        errors.append(not_found(path.child("volumeName"), volume))
    if not file:
        errors.append(required(path.child("path")))
    else:
        errors += validate_local_path(file, path.child("path"))
    if not key:
        errors.append(required(path.child("key")))
    else:
        errors += names.complain(path.child("key"), key, names.environment_variable(key))
    return errors


def validate_field_reference(reference: Object, known: Sequence[str], path: Path) -> list[FieldError]:
    """Of the downward API: ``metadata.name``, ``metadata.labels['app']``."""
    version, field = reference.get("apiVersion", ""), reference.get("fieldPath", "")
    if not version:
        return [required(path.child("apiVersion"))]
    if not field:
        return [required(path.child("fieldPath"))]
    subscripted = _SUBSCRIPTED.fullmatch(field)
    why = _unknown_field(version, field, subscripted)
    if why:
        return [invalid(path.child("fieldPath"), field, f"error converting fieldPath: {why}")]
    if subscripted:
        key = subscripted.group(2)
        checked = key.lower() if subscripted.group(1) == "metadata.annotations" else key
        return names.complain(path, checked, names.qualified_name(checked))
    if field == "spec.host":
        field = "spec.nodeName"  # what the oldest clients call it
    return [] if field in known else [not_supported(path.child("fieldPath"), field, known)]


def _unknown_field(version: str, field: str, subscripted: "re.Match[str] | None") -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    if subscripted:
        if subscripted.group(1) in ("metadata.annotations", "metadata.labels"):
            return ""
        return f"field label does not support subscript: {field}"
    return "" if field in _KNOWN_FIELDS or field == "spec.host" else f"field label not supported: {field}"


def validate_resource_reference(reference: Object, path: Path, *, in_volume: bool) -> list[FieldError]:
    """Of the downward API: ``limits.cpu``. In a volume the container must be named."""
    resource = reference.get("resource", "")
    errors: list[FieldError] = []
    if in_volume and not reference.get("containerName"):
        errors.append(required(path.child("containerName")))
    elif not resource:
        errors.append(required(path.child("resource")))
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        errors.append(not_supported(path.child("resource"), resource, _RESOURCES))
    return errors + _validate_divisor(resource, reference.get("divisor", "0"), path.child("divisor"))


def _validate_divisor(resource: str, divisor: str, path: Path) -> list[FieldError]:
    amount, errors = read_quantity(path, divisor)
    if errors or not amount:
        return errors
    if resource.endswith(".cpu"):
        allowed, said = _CPU_DIVISORS, "1m and 1 are supported with the cpu resource"
    elif what := _measured(resource):
        allowed, said = _BYTE_DIVISORS, f"{', '.join(_BYTE_DIVISORS)} are supported with the {what} resource"
    else:
        return []
    return [] if str(amount) in allowed else [invalid(path, resource, f"only divisor's values {said}")]


def _measured(resource: str) -> str:
    if resource.endswith(".memory"):
        return "memory"
    if resource.endswith(".ephemeral-storage"):
        return "local ephemeral storage"
    return "hugepages" if resource.startswith(_HUGE_PAGES) else ""


def validate_environment_sources(sources: Sequence[Object], path: Path) -> list[FieldError]:
    """Of ``envFrom``."""
    errors: list[FieldError] = []
    for position, source in enumerate(sources):
        at, prefix = path.index(position), source.get("prefix", "")
        if prefix:
            errors += names.complain(at.child("prefix"), prefix, names.environment_variable(prefix))
        kinds = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
        for kind in kinds:
            errors += _validate_named(source[kind].get("name", ""), at.child(kind, "name"))
        if not kinds:
            errors.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(kinds) > 1:
            errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors


def _validate_named(name: str, path: Path) -> list[FieldError]:
    if not name:
        return [required(path)]
    masked = name[:-2] + "a" if name.endswith("-") else name
    return names.complain(path, name, names.dns1123_subdomain(masked))


def validate_no_backsteps(target: str, path: Path) -> list[FieldError]:
    return [invalid(path, target, "must not contain '..'")] if ".." in target.split("/") else []


def validate_descending_path(target: str, path: Path) -> list[FieldError]:
    """Relative, and it stays below where it starts."""
    errors = [invalid(path, target, "must be a relative path")] if target.startswith("/") else []
    return errors + validate_no_backsteps(target, path)


def validate_local_path(target: str, path: Path) -> list[FieldError]:
    """A descending path whose first element does not begin with two dots."""
    errors = validate_descending_path(target, path)
    if target.startswith("..") and not target.startswith("../"):
        errors.append(invalid(path, target, "must not start with '..'"))
    return errors
