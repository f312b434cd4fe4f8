"""What the versions of a definition may say (k8s.io/apiextensions-apiserver
pkg/apis/apiextensions/validation/validation.go)."""

from collections.abc import Iterator, Sequence
from typing import Any

from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, invalid, required, too_many
from wherry.kube.machinery.model import Object

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_MOST_SELECTABLE = 8
_SHARED = ("schema", "subresources", "additionalPrinterColumns", "selectableFields")
_SHARED_NAMES = {"schema": "validation"}


def is_shared(spec: Object, field: str) -> bool:
    """Whether all versions say the same there. Upstream then holds it once, for the whole, and names it so in errors
    (pkg/apis/apiextensions/v1/conversion.go)."""
    found = [each.get(field) or None for each in spec.get("versions") or ()]
    return bool(found) and all(each == found[0] for each in found)


def place_of(spec: Object, field: str, position: int, path: Path) -> Path:
    """Where upstream says that a version's ``field`` is."""
    if is_shared(spec, field):
        return path.child(_SHARED_NAMES.get(field, field))
    return path.child("versions").index(position).child(field)


def version_errors(spec: Object, path: Path) -> Iterator[FieldError]:
    """Of ``spec.versions``; ``path`` is ``spec``."""
    versions = spec.get("versions") or []
    at = path.child("versions")
    for position, version in enumerate(versions):
        if (version.get("schema") or {}).get("openAPIV3Schema") is None:
            yield required(at.index(position).child("schema").child("openAPIV3Schema"), "schemas are required")
    for position, version in enumerate(versions):
        if problems := names.dns1035_label(version.get("name", "")):
            yield invalid(at.index(position).child("name"), version.get("name", ""), ",".join(problems))
        yield from _deprecation(version, at.index(position).child("deprecationWarning"))
    for field in _SHARED:
        shown = versions[:1] if is_shared(spec, field) else versions
        for position, version in enumerate(shown):
            yield from _CHECKS[field](spec, version, place_of(spec, field, position, path))
    found = [each.get("name") for each in versions]
    if len(set(found)) != len(found):
        yield invalid(at, versions, "must contain unique version names")
    if sum(bool(each.get("storage")) for each in versions) != 1:
        yield invalid(at, versions, "must have exactly one version marked as storage version")


def _deprecation(version: Object, path: Path) -> Iterator[FieldError]:
    warning = version.get("deprecationWarning")
    if warning is None:
        return
    if not version.get("deprecated"):
        yield invalid(path, warning, "can only be set for deprecated versions")
        return
    if len(warning.encode()) > 256:
        yield invalid(path, warning, "must be <= 256 characters long")
    if not warning:
        yield invalid(path, warning, "must not be an empty string")
    unprintable = next((place for place, each in enumerate(warning) if not each.isprintable()), None)
    if unprintable is not None:
        where = f"non-printable character found at index {len(warning[:unprintable].encode())}"
        yield invalid(path, warning, f"must only contain printable UTF-8 characters; {where}")


def _schema(spec: Object, version: Object, path: Path) -> Iterator[FieldError]:
    from wherry.kube.machinery.schema.wellformed import schema_errors

    document = (version.get("schema") or {}).get("openAPIV3Schema")
    if document is None:
        return
    has_status = any((each.get("subresources") or {}).get("status") is not None for each in spec["versions"])
    enabled = has_status if is_shared(spec, "schema") else has_status_of(version)
    yield from schema_errors(document, path.child("openAPIV3Schema"), status_enabled=enabled)


def has_status_of(version: Object) -> bool:
    """Whether the version has a status subresource."""
    return (version.get("subresources") or {}).get("status") is not None


def _subresources(spec: Object, version: Object, path: Path) -> Iterator[FieldError]:
    scale = (version.get("subresources") or {}).get("scale")
    if scale is None:
        return
    for field, holder in (("specReplicasPath", "spec"), ("statusReplicasPath", "status")):
        value, at = scale.get(field, ""), path.child(f"scale.{field}")
        if not value:
            yield required(at)
        else:
            problems = list(_simple_path(value, at))
            yield from problems
            if not problems and not value.startswith(f".{holder}."):
                yield invalid(at, value, f"should be a json path under .{holder}")
    value, at = scale.get("labelSelectorPath"), path.child("scale.labelSelectorPath")
    if value:
        problems = list(_simple_path(value, at))
        yield from problems
        if not problems and not value.startswith((".spec.", ".status.")):
            yield invalid(at, value, "should be a json path under either .spec or .status")


def _simple_path(value: str, path: Path) -> Iterator[FieldError]:
    if not value.startswith("."):
        yield invalid(path, value, "must be a simple json path starting with .")


def _columns(spec: Object, version: Object, path: Path) -> Iterator[FieldError]:
    for position, column in enumerate(version.get("additionalPrinterColumns") or ()):
        at = path.index(position)
        kind, form, where = column.get("type", ""), column.get("format", ""), column.get("jsonPath", "")
        if not column.get("name"):
            yield required(at.child("name"))
        types = f"must be one of {','.join(_COLUMN_TYPES)}"
        if not kind:
            yield required(at.child("type"), types)
        elif kind not in _COLUMN_TYPES:
            yield invalid(at.child("type"), kind, types)
        if form and form not in _COLUMN_FORMATS:
            yield invalid(at.child("format"), form, f"must be one of {','.join(_COLUMN_FORMATS)}")
        if not where:
            yield required(at.child("JSONPath"))
        else:
            yield from _simple_path(where, at.child("JSONPath"))


def _selectable(spec: Object, version: Object, path: Path) -> Iterator[FieldError]:
    fields = version.get("selectableFields") or ()
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if not fields:
        return
    if schema is None:
        yield invalid(path, "", "selectableFields may only be set when version.schema.openAPIV3Schema is included")
        return
    seen: set[str] = set()
    for position, field in enumerate(fields):
        where, at = field.get("jsonPath", ""), path.index(position).child("jsonPath")
        if not where:
            yield required(at)
            continue
        found, problem = _field_at(schema, where)
        if problem:
            yield invalid(at, where, f"is an invalid path: {problem}")
            continue
        if where.startswith(".metadata"):
            yield invalid(at, where, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            kinds = "must point to a field of type string, boolean or integer."
            yield invalid(at, where, f"{kinds} Enum string fields and strings with formats are allowed.")
        if where in seen:
            yield duplicate(at, where)
        seen.add(where)
    if len(seen) > _MOST_SELECTABLE:
        yield too_many(path, len(seen), _MOST_SELECTABLE)


def _field_at(schema: Any, where: str) -> tuple[Any, str]:
    """The schema of a field, or what is wrong with the path."""
    if not where.startswith("."):
        return {}, f"expected [ or . but got: {where}"
    for name in where[1:].split("."):
        schema = (schema.get("properties") or {}).get(name)
        if schema is None:
            return {}, "does not refer to a valid field"
    return schema, ""


_CHECKS = {
    "schema": _schema,
    "subresources": _subresources,
    "additionalPrinterColumns": _columns,
    "selectableFields": _selectable,
}


def stored_version_errors(stored: Sequence[str], versions: Sequence[Object], path: Path) -> Iterator[FieldError]:
    """Objects may be stored in any of these versions: a version that one may be in cannot go."""
    if not stored:
        yield invalid(path, list(stored), "must have at least one stored version")
        return
    known = {each.get("name", "") for each in versions}
    for version in versions:
        if version.get("storage") and version.get("name", "") not in stored:
            yield invalid(path, list(stored), f"must have the storage version {version.get('name', '')}")
    for position, name in enumerate(stored):
        if name not in known:
            detail = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                f"{name} from status.storedVersions"
            )
            yield invalid(path.index(position), name, detail)
