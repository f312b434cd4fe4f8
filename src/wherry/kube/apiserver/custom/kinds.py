"""From a CustomResourceDefinition to a kind."""

import functools
from collections.abc import Callable, Mapping, Sequence

import msgspec

from wherry.kube.apiserver.custom.columns import AGE, cells_of, columns_of
from wherry.kube.apiserver.custom.priority import by_priority
from wherry.kube.apiserver.custom.strategy import CustomStrategy, Scale
from wherry.kube.kinds.customresourcedefinition.strategy import is_established
from wherry.kube.kinds.customresourcedefinition.versions import has_status_of
from wherry.kube.kinds.model import NAME, Conversion, Kind, ScaleFields, Strategy, Version, metadata_fields
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.defaulting import apply_defaults
from wherry.kube.machinery.schema.model import Schema
from wherry.kube.machinery.schema.pruning import prune
from wherry.kube.machinery.schema.structural import from_crd

Load = Callable[[], Schema]


def kind_of(crd: Object) -> Kind | None:
    """The kind that a valid definition defines, with the names it has been given (``status.acceptedNames``).

    None: it is not established, or no version of it is served. The definition is kept, and must not change.
    """
    served = by_priority([each for each in crd["spec"]["versions"] if each.get("served")])
    names = (crd.get("status") or {}).get("acceptedNames") or {}
    if not served or not names.get("plural") or not is_established(crd):
        return None
    spec = crd["spec"]
    storage = next(each for each in spec["versions"] if each.get("storage"))
    schemas = {each["name"]: _schema(each) for each in spec["versions"]}
    selectable = _selectable(served)
    return Kind(
        spec["group"],
        names["kind"],
        names["plural"],
        tuple(_version(spec, each, storage, schemas[each["name"]]) for each in served),
        storage["name"],
        _strategy(spec, storage["name"], schemas),
        has_status=_has_status(spec),
        allow_unconditional_update=False,
        namespaced=spec["scope"] == "Namespaced",
        singular=names.get("singular", ""),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        columns=(NAME, AGE),
        selectable=tuple(selectable),
        fields=SelectedFields(selectable),
        scale=_scale_fields(storage),
        custom=True,
        is_ending="deletionTimestamp" in crd["metadata"],
    )


def _document(version: Object) -> Object:
    found: Object = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return found


def _schema(version: Object) -> Load:
    return functools.cache(functools.partial(from_crd, _document(version) or None))


def _has_status(spec: Object) -> bool:
    """Of any version: there is one status of an object, whatever version it is written in."""
    return any(has_status_of(each) for each in spec["versions"])


def _strategy(spec: Object, storage: str, schemas: Mapping[str, Load]) -> Callable[[], Strategy]:
    scales = {each["name"]: _scale(each) for each in spec["versions"]}
    return functools.cache(lambda: CustomStrategy(storage, schemas, scales, has_status=_has_status(spec)))


def _scale(version: Object) -> Scale | None:
    found = (version.get("subresources") or {}).get("scale")
    if found is None:
        return None
    return Scale(found["specReplicasPath"], found["statusReplicasPath"], found.get("labelSelectorPath") or "")


def _scale_fields(storage: Object) -> ScaleFields | None:
    found = _scale(storage)
    if found is None:
        return None
    return ScaleFields(found.replicas.lstrip("."), found.status_replicas.lstrip("."), found.selector.lstrip("."))


def _version(spec: Object, version: Object, storage: Object, schema: Load) -> Version:
    name, columns = version["name"], version.get("additionalPrinterColumns") or ()
    same = _document(version) == _document(storage)
    return Version(
        name,
        schema,
        conversion=None if same else Conversion(_Filled(schema), _Fitted(schema)),
        columns=columns_of(columns) if columns else None,
        cells=cells_of(columns) if columns else None,
        deprecation_warning=_deprecation(spec, version),
        openapi=functools.partial(_document, version),
    )


class _Filled(msgspec.Struct, frozen=True):
    """From a version with a schema of its own: its defaults are the object's, whatever the storage version's are."""

    schema: Load

    def __call__(self, obj: Object) -> Object:
        apply_defaults(obj, self.schema())
        return obj


class _Fitted(msgspec.Struct, frozen=True):
    """To such a version: without the fields that it has not, with its defaults."""

    schema: Load

    def __call__(self, obj: Object) -> Object:
        prune(obj, self.schema())
        apply_defaults(obj, self.schema())
        return obj


def _deprecation(spec: Object, version: Object) -> str:
    """What a client is told that uses a deprecated version (pkg/apiserver/customresource_handler.go)."""
    if not version.get("deprecated"):
        return ""
    if version.get("deprecationWarning") is not None:
        return str(version["deprecationWarning"])
    group, kind = spec["group"], spec["names"]["kind"]
    said = f"{group}/{version['name']} {kind} is deprecated"
    order = by_priority([each for each in spec["versions"] if each.get("served")])
    newer = order[: order.index(version)]
    better = next((each["name"] for each in newer if not each.get("deprecated")), "")
    return f"{said}; use {group}/{better} {kind}" if better else said


def _selectable(versions: Sequence[Object]) -> dict[str, tuple[str, ...]]:
    """Of all versions: names such as ``spec.color``, and the ways to them."""
    paths = [each["jsonPath"].lstrip(".") for version in versions for each in version.get("selectableFields") or ()]
    return {path: tuple(path.split(".")) for path in paths}


class SelectedFields(msgspec.Struct, frozen=True):
    """Gives what an object can be selected by; a field that is not there is empty."""

    paths: Mapping[str, tuple[str, ...]]

    def __call__(self, obj: Object) -> Mapping[str, str]:
        found = dict(metadata_fields(obj))
        for name, path in self.paths.items():
            found[name] = _text_at(obj, path)
        return found


def _text_at(obj: Object, path: Sequence[str]) -> str:
    value: object = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
