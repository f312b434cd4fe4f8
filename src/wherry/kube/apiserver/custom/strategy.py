"""What a custom kind does with its objects: its schema says it all (k8s.io/apiextensions-apiserver
pkg/registry/customresource)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery.fielderrors import FieldError, invalid
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.values import same
from wherry.kube.machinery.schema.defaulting import apply_defaults
from wherry.kube.machinery.schema.embedded import validate_embedded
from wherry.kube.machinery.schema.listtypes import validate_list_types
from wherry.kube.machinery.schema.model import MISSING, Schema
from wherry.kube.machinery.schema.values import validate_values

_MOST = 2**31 - 1
_OWN_FINALIZERS = ("orphan", "foregroundDeletion", "kubernetes")


class Scale(msgspec.Struct, frozen=True):
    """Where the scale subresource looks, as the definition says: ``.spec.replicas``. ``selector`` may be empty."""

    replicas: str
    status_replicas: str
    selector: str = ""


class CustomStrategy(Strategy):
    """Of one definition. Schemas and scales are by the version's name."""

    def __init__(
        self,
        storage: str,
        schemas: Mapping[str, Callable[[], Schema]],
        scales: Mapping[str, Scale | None],
        *,
        has_status: bool,
    ) -> None:
        self._storage = storage
        self._schemas = schemas
        self._scales = scales
        self._has_status = has_status

    def default(self, obj: Object) -> None:
        """By the storage version; another's own defaults have been filled in when the object was converted."""
        apply_defaults(obj, self._schemas[self._storage]())

    def prepare_create(self, obj: Object, context: Context) -> None:
        if self._has_status:
            obj.pop("status", None)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return self._errors(obj, None, context)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return self._errors(obj, old, context)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return self._errors(obj, old, context)

    def _errors(self, obj: Object, old: Object | None, context: Context) -> list[FieldError]:
        """By the version that the client wrote."""
        version = context.version or self._storage
        schema, scale = self._schemas[version](), self._scales.get(version)
        found = validate_values(obj, schema, old=MISSING if old is None else old)
        if scale is not None:
            found += _scale_errors(obj, scale, context.subresource)
        found += validate_embedded(obj, schema)
        if old is None or not validate_list_types(old, schema):
            found += validate_list_types(obj, schema)
        return found

    def generation_counts(self, obj: Object, old: Object) -> bool:
        """Every field but metadata does; a status subresource writes none of them but the status, which stays."""
        return not same(_content(obj), _content(old))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        """Of finalizers that others might have thought of, too."""
        before = () if old is None else old["metadata"].get("finalizers") or ()
        added = sorted({*(obj["metadata"].get("finalizers") or ())} - {*before, *_OWN_FINALIZERS})
        return [
            f'metadata.finalizers: "{each}": prefer a domain-qualified finalizer name including a path (/) to avoid '
            "accidental conflicts with other finalizer writers"
            for each in added
            if "/" not in each
        ]


def _content(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if name not in ("metadata", "apiVersion")}


def _scale_errors(obj: Object, scale: Scale, subresource: str) -> Iterator[FieldError]:
    if subresource != "status":
        yield from _replicas_errors(obj, scale.replicas)
    yield from _replicas_errors(obj, scale.status_replicas)
    if scale.selector:
        value = _at(obj, scale.selector)
        if value is not MISSING and not isinstance(value, str):
            yield invalid(scale.selector, "", _unfit(scale.selector, value, "string"))


def _replicas_errors(obj: Object, path: str) -> Iterator[FieldError]:
    value = _at(obj, path)
    if value is MISSING:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        yield invalid(path, 0, _unfit(path, value, "int64"))
    elif value < 0:
        yield invalid(path, value, "should be a non-negative integer")
    elif value > _MOST:
        yield invalid(path, value, f"should be less than or equal to {_MOST}")


def _at(obj: Object, path: str) -> Any:  # JSON
    """MISSING where there is nothing."""
    value: Any = obj
    for name in path.lstrip(".").split("."):
        if not isinstance(value, dict) or name not in value:
            return MISSING
        value = value[name]
    return value


def _unfit(path: str, value: object, wanted: str) -> str:
    """As Go's unstructured.NestedInt64 says it."""
    kinds: dict[type, str] = {
        str: "string", bool: "bool", int: "int64", float: "float64", list: "[]interface {}",
        dict: "map[string]interface {}",
    }  # fmt: skip
    kind = kinds.get(type(value), "<nil>")
    return f"{path} accessor error: {value} is of the type {kind}, expected {wanted}"
