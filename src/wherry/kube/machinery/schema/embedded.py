"""Objects within objects (``x-kubernetes-embedded-resource``): they have a version, a kind and metadata, and these are
right (k8s.io/apiextensions-apiserver pkg/apiserver/schema/objectmeta)."""

from typing import Any, TypeAlias

from wherry.kube.machinery import fielderrors, names, objectmeta
from wherry.kube.machinery.fielderrors import FieldError, Path
from wherry.kube.machinery.model import GroupVersion, Object
from wherry.kube.machinery.schema.model import Schema

Value: TypeAlias = Any  # JSON, of whatever type a client sent


def validate_embedded(obj: Object, schema: Schema) -> list[FieldError]:
    """What is wrong with the objects embedded in ``obj``; with itself, its server is concerned."""
    found: list[FieldError] = []
    _look_below(obj, schema, "", found)
    return found


def validate_object(obj: Object, schema: Schema, path: str) -> list[FieldError]:
    """What is wrong with ``obj`` itself, when its schema says it is such an object, and with those in it."""
    found: list[FieldError] = []
    _look(obj, schema, path, found)
    return found


def _look(value: Value, schema: Schema, path: str, found: list[FieldError]) -> None:
    if type(value) is list:
        if schema.items is not None:
            for place, each in enumerate(value):
                _look(each, schema.items, f"{path}[{place}]", found)
    elif type(value) is dict:
        if schema.embedded:
            found.extend(_identity(value, Path(path)))
            found.extend(_metadata(value, Path(path)))
        _look_below(value, schema, path, found)


def _look_below(obj: Object, schema: Schema, path: str, found: list[FieldError]) -> None:
    for name, value in obj.items():
        if type(value) is not dict and type(value) is not list:
            continue
        child = schema.properties.get(name)
        if child is not None:
            if not child.name:
                _look(value, child, f"{path}.{name}" if path else name, found)
        elif schema.additional is not None:
            _look(value, schema.additional, f"{path}[{name}]", found)


def _identity(obj: Object, path: Path) -> list[FieldError]:
    found = []
    for name in ("apiVersion", "kind"):
        value = obj.get(name, "")
        if not isinstance(value, str):
            found.append(fielderrors.invalid(path.child(name), value, "must be a string"))
        elif not value:
            found.append(fielderrors.required(path.child(name)))
        elif problem := _version_problem(value) if name == "apiVersion" else _kind_problem(value):
            found.append(fielderrors.invalid(path.child(name), value, problem))
    return found


def _version_problem(text: str) -> str:
    try:
        GroupVersion.parse(text)
    except ValueError as error:
        return str(error)
    return ""


def _kind_problem(kind: str) -> str:
    problems = names.dns1035_label(kind.lower())
    return f"may have mixed case, but should otherwise match: {','.join(problems)}" if problems else ""


def _metadata(obj: Object, path: Path) -> list[FieldError]:
    """A name is not needed."""
    if not isinstance(obj.get("metadata"), dict):
        return []
    metadata = {"name": "fakename", **obj["metadata"]}
    metadata["name"] = metadata["name"] or "fakename"
    errors = objectmeta.validate_metadata({"metadata": metadata}, bool(metadata.get("namespace")), names.path_segment)
    return [FieldError(each.type, path.child(each.field), each.value, each.detail) for each in errors]
