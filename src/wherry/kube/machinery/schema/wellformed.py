"""Whether a version's ``openAPIV3Schema`` is one that objects can be checked by."""

from typing import Any

from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid
from wherry.kube.machinery.schema.default_rules import default_errors
from wherry.kube.machinery.schema.openapi_rules import openapi_errors
from wherry.kube.machinery.schema.structural_rules import nodes, structural_errors, unsupported

Raw = dict[str, Any]  # the document, JSON

# With a status subresource: what the schema of ``status``, taken out of it, would not lose. Go's name of each field.
_AT_ROOT = {
    "description": "Description", "type": "Type", "format": "Format", "title": "Title", "maximum": "Maximum",
    "exclusiveMaximum": "ExclusiveMaximum", "minimum": "Minimum", "exclusiveMinimum": "ExclusiveMinimum",
    "maxLength": "MaxLength", "minLength": "MinLength", "pattern": "Pattern", "maxItems": "MaxItems",
    "minItems": "MinItems", "uniqueItems": "UniqueItems", "multipleOf": "MultipleOf", "required": "Required",
    "items": "Items", "properties": "Properties", "externalDocs": "ExternalDocs", "example": "Example",
    "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields", "x-kubernetes-validations": "XValidations",
}  # fmt: skip


def schema_errors(schema: Raw, path: Path, *, status_enabled: bool) -> list[FieldError]:
    """What is wrong with the document, in upstream's words and order; ``path`` is the document's own."""
    found = _root_errors(schema, path) if status_enabled else []
    if schema.get("nullable"):
        found.append(forbidden(path.child("nullable"), "nullable cannot be true at the root"))
    problem = unsupported(schema)
    if not problem:
        found += structural_errors(schema, path) or default_errors(schema, path)
    found += openapi_errors(schema, path)
    if problem and not found:
        found.append(invalid(path, "", problem))
    return found


def _root_errors(schema: Raw, path: Path) -> list[FieldError]:
    kind = schema.get("type", "object")
    if kind and kind != "object":
        detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        return [invalid(path.child("type"), kind, detail)]
    if any(name not in _AT_ROOT and value not in (None, "", [], {}, False) for name, value in schema.items()):
        fields = f"only [{' '.join(_AT_ROOT.values())}] fields"
        detail = f"{fields} are allowed at the root of the schema if the status subresource is enabled"
        return [invalid(path, schema, detail)]
    return []


def unknown_formats(schema: Raw) -> list[str]:
    """Formats in it that are not checked."""
    from wherry.kube.machinery.schema.formats import is_known

    formats = ((each["format"], each.get("type", "")) for each in nodes(schema) if each.get("format"))
    return [form for form, kind in formats if not is_known(form, kind)]


def has_rules(schema: Raw) -> bool:
    """Whether it has rules in CEL (``x-kubernetes-validations``)."""
    return any(each.get("x-kubernetes-validations") for each in nodes(schema))
