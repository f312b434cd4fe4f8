"""Defaults and rules of definitions (k8s.io/apiextensions-apiserver pkg/apis/apiextensions and
pkg/registry/customresourcedefinition).

What is not served is refused or told of here: conversion by webhook is refused; rules in CEL
(``x-kubernetes-validations``) are kept, and the client is warned that nobody checks them.
"""

from collections.abc import Iterator, Sequence

from wherry.kube.kinds.customresourcedefinition.naming import approval_errors, name_errors
from wherry.kube.kinds.customresourcedefinition.versions import stored_version_errors, version_errors
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_SPEC, _STATUS = Path("spec"), Path("status")
_SCOPES = ("Cluster", "Namespaced")
UNCHECKED = "x-kubernetes-validations are stored, but this server does not check objects by them yet"


class CustomResourceDefinitionStrategy(Strategy):
    """Of the definition itself, not of what it defines."""

    def default(self, obj: Object) -> None:
        """Singular, listKind, conversion."""
        spec = obj.setdefault("spec", {})
        found = spec.setdefault("names", {})
        if not found.get("singular"):
            found["singular"] = found.get("kind", "").lower()
        if not found.get("listKind") and found.get("kind"):
            found["listKind"] = f"{found['kind']}List"
        spec.setdefault("conversion", {}).setdefault("strategy", "None")

    def prepare_create(self, obj: Object, context: Context) -> None:
        storage = [each.get("name", "") for each in obj["spec"].get("versions") or () if each.get("storage")]
        accepted = {"kind": "", "plural": ""}
        obj["status"] = {"conditions": [], "acceptedNames": accepted, "storedVersions": storage[:1]}

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        """A new storage version is one that objects may be stored in from now on."""
        status = obj.get("status") or {}
        stored = status.get("storedVersions") or []
        storage = [each.get("name", "") for each in obj["spec"].get("versions") or () if each.get("storage")]
        if storage and storage[0] not in stored:
            obj["status"] = {**status, "storedVersions": [*stored, storage[0]]}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return [*_name(obj), *_errors(obj, None)]

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return [*_errors(obj, old), *_unchanging(obj["spec"], old["spec"], is_established(old))]

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return list(_status_errors(obj))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        known = set(_formats(old)) if old is not None else set()
        found = [f'unrecognized format "{each}"' for each in dict.fromkeys(_formats(obj)) if each not in known]
        return [*found, UNCHECKED] if _has_rules(obj) else found


def is_established(crd: Object) -> bool:
    """Whether what it defines is, or was, served."""
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Established" and each.get("status") == "True" for each in conditions)


def _name(obj: Object) -> Iterator[FieldError]:
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    if name != f"{spec['names'].get('plural', '')}.{spec.get('group', '')}":
        yield invalid(Path("metadata").child("name"), name, 'must be spec.names.plural+"."+spec.group')


def _errors(obj: Object, old: Object | None) -> Iterator[FieldError]:
    spec = obj["spec"]
    yield from _group(spec.get("group", ""))
    yield from _scope(spec.get("scope", ""))
    yield from version_errors(spec, _SPEC)
    for field in ("plural", "singular", "kind", "listKind"):
        if not spec["names"].get(field):
            yield required(_SPEC.child("names").child(field))
    yield from name_errors(spec["names"], _SPEC.child("names"))
    yield from _conversion(spec["conversion"], _SPEC.child("conversion"))
    yield from _status_errors(obj)
    yield from approval_errors(obj, old)
    if spec.get("preserveUnknownFields") and not (old or {"spec": {}})["spec"].get("preserveUnknownFields"):
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        )
        yield invalid(_SPEC.child("preserveUnknownFields"), True, detail)


def _group(group: str) -> Iterator[FieldError]:
    path = _SPEC.child("group")
    if not group:
        yield required(path)
    elif problems := names.dns1123_subdomain(group):
        yield invalid(path, group, ",".join(problems))
    elif "." not in group:
        yield invalid(path, group, "should be a domain with at least one dot")


def _scope(scope: str) -> Iterator[FieldError]:
    path = _SPEC.child("scope")
    if not scope:
        yield required(path)
    elif scope not in _SCOPES:
        yield not_supported(path, scope, _SCOPES)


def _conversion(conversion: Object, path: Path) -> Iterator[FieldError]:
    strategy = conversion.get("strategy", "")
    if strategy == "Webhook":
        yield forbidden(path.child("strategy"), "this server does not convert by webhooks yet: use None")
        return
    if strategy != "None":
        yield not_supported(path.child("strategy"), strategy, ("None", "Webhook"))
    if conversion.get("webhook") is not None:
        detail = "should not be set when strategy is not set to Webhook"
        yield forbidden(path.child("webhookClientConfig"), detail)


def _unchanging(spec: Object, old: Object, established: bool) -> Iterator[FieldError]:
    """What the places of stored objects depend on."""
    fixed = ("scope", "names.kind") if established else ()
    for field in (*fixed, "group", "names.plural"):
        holder, _, name = field.rpartition(".")
        now, before = (spec[holder], old[holder]) if holder else (spec, old)
        if now.get(name) != before.get(name):
            yield invalid(_SPEC.child(*field.split(".")), now.get(name), names.IMMUTABLE)


def _status_errors(obj: Object) -> Iterator[FieldError]:
    status = obj.get("status") or {}
    yield from name_errors(status.get("acceptedNames") or {}, _STATUS.child("acceptedNames"))
    stored, versions = status.get("storedVersions") or [], obj["spec"].get("versions") or []
    yield from stored_version_errors(stored, versions, _STATUS.child("storedVersions"))


def _documents(obj: Object) -> Iterator[Object]:
    for version in obj["spec"].get("versions") or ():
        document = (version.get("schema") or {}).get("openAPIV3Schema")
        if document:
            yield document


def _formats(obj: Object) -> list[str]:
    from wherry.kube.machinery.schema.wellformed import unknown_formats

    return [form for document in _documents(obj) for form in unknown_formats(document)]


def _has_rules(obj: Object) -> bool:
    from wherry.kube.machinery.schema.wellformed import has_rules

    return any(has_rules(document) for document in _documents(obj))
