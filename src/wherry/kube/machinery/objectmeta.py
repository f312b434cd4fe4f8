"""Metadata of objects, as a whole (k8s.io/apimachinery pkg/api/validation/objectmeta.go)."""

from collections.abc import Sequence
from functools import lru_cache

from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required, too_long
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.names import (
    IMMUTABLE,
    NEGATIVE,
    NameCheck,
    bytes_of,
    complain,
    dns1123_subdomain,
    label_again,
    qualified_name,
    validate_annotations,
    validate_finalizer_names,
    validate_labels,
)

_METADATA = Path("metadata")
_LABELS, _ANNOTATIONS, _MANAGED = (_METADATA.child(name) for name in ("labels", "annotations", "managedFields"))
_FINALIZERS, _NAMESPACE, _OWNERS = (_METADATA.child(name) for name in ("finalizers", "namespace", "ownerReferences"))
_BOTH = "finalizer orphan and foregroundDeletion cannot be both set"
_ENOUGH = 1000
"""Of three bytes of a body could be made three errors of hundreds: so many are told."""
_CACHED = 253  # longer names are wrong anyway, and not worth the memory
_UNCHANGING = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def validate_metadata(
    obj: Object, namespaced: bool, name_check: NameCheck = dns1123_subdomain, *, custom: bool = False
) -> list[FieldError]:
    """Of a new object, whose name has been generated already. ``custom``: finalizers need not be upstream's own or
    qualified."""
    meta = obj.get("metadata", {})
    errors: list[FieldError] = []
    if prefix := meta.get("generateName"):
        of_prefix = _of_prefix if len(prefix) <= _CACHED else _of_prefix.__wrapped__
        if complaints := of_prefix(name_check, prefix):
            errors += complain(_METADATA.child("generateName"), prefix, complaints)
    if name := meta.get("name"):
        if complaints := name_check(name):
            errors += complain(_METADATA.child("name"), name, complaints)
    else:
        errors.append(required(_METADATA.child("name"), "name or generateName is required"))
    namespace = meta.get("namespace", "")
    if not namespaced or not namespace or label_again(namespace):
        errors += _validate_namespace(namespace, namespaced)
    if meta.get("generation", 0) < 0:
        errors.append(invalid(_METADATA.child("generation"), meta["generation"], NEGATIVE))
    errors += _validate_both(meta)
    return errors + _validate_finalizers(meta["finalizers"], custom) if meta.get("finalizers") else errors


@lru_cache(maxsize=256)
def _of_prefix(name_check: NameCheck, prefix: str) -> Sequence[str]:
    """Complaints of a ``generateName``: owners make many objects of one."""
    return tuple(name_check(prefix[:-2] + "a" if prefix.endswith("-") else prefix))


def _validate_namespace(namespace: str, namespaced: bool) -> list[FieldError]:
    if not namespaced:
        return [forbidden(_NAMESPACE, "not allowed on this type")] if namespace else []
    return complain(_NAMESPACE, namespace, label_again(namespace)) if namespace else [required(_NAMESPACE)]


def _validate_both(meta: Object) -> list[FieldError]:
    """What holds for new and for changed objects."""
    errors: list[FieldError] = []
    if labels := meta.get("labels"):
        errors += validate_labels(labels, _LABELS)
    if annotations := meta.get("annotations"):
        errors += validate_annotations(annotations, _ANNOTATIONS)
    if owners := meta.get("ownerReferences"):
        errors += _validate_owners(owners)
    for position, entry in enumerate(meta.get("managedFields") or ()):
        if not _is_managed(entry):
            errors += _validate_managed(entry, _MANAGED.index(position))
    return errors


def _validate_owners(owners: Sequence[Object]) -> list[FieldError]:
    path, controller = _OWNERS, ""
    errors: list[FieldError] = []
    for owner in owners:
        if len(errors) > _ENOUGH:
            break
        version = owner.get("apiVersion", "")
        if not version.rpartition("/")[2] or version.count("/") > 1:
            errors.append(invalid(path.child("apiVersion"), version, "version must not be empty"))
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                errors.append(invalid(path.child(name), "", "must not be empty"))
        if version == "v1" and owner.get("kind") == "Event":
            errors.append(invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"))
        if owner.get("controller"):
            this = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                both = f'Found "true" in references for {controller} and {this}'
                errors.append(invalid(path, owners, f"Only one reference can have Controller set to true. {both}"))
            controller = controller or this
    return errors


def _validate_finalizers(finalizers: Sequence[str], custom: bool) -> list[FieldError]:
    if not finalizers:
        return []
    errors: list[FieldError] = []
    for each in finalizers:
        if complaints := qualified_name(each):
            errors += complain(_FINALIZERS, each, complaints)
            if len(errors) > _ENOUGH:
                break
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        errors.append(invalid(_FINALIZERS, finalizers, _BOTH))
    is_all = custom or len(errors) > _ENOUGH
    return errors if is_all else errors + validate_finalizer_names(finalizers, _FINALIZERS)


def _is_managed(entry: Object) -> bool:
    """Whether :func:`_validate_managed` has nothing to say, at a glance: of nearly all."""
    return (
        entry.get("fieldsType") == "FieldsV1"
        and entry.get("operation") in ("Apply", "Update")
        and "subresource" not in entry
        and len(manager := entry.get("manager", "")) <= 32
        and manager.isprintable()
    )


def _validate_managed(entry: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    if entry.get("operation") not in ("Apply", "Update"):
        errors.append(invalid(path.child("operation"), entry.get("operation", ""), "must be `Apply` or `Update`"))
    if entry.get("fieldsType", "FieldsV1") not in ("", "FieldsV1"):
        errors.append(invalid(path.child("fieldsType"), entry["fieldsType"], "must be `FieldsV1`"))
    errors += field_manager(entry.get("manager", ""), path.child("manager"))
    if len(entry.get("subresource", "")) > 256:
        errors.append(too_long(path.child("subresource"), "", 256))
    return errors


def field_manager(name: str, path: Path) -> list[FieldError]:
    """At most 128 bytes, printable."""
    errors = [too_long(path, name, 128)] if bytes_of(name) > 128 else []
    for position, character in enumerate(name if not name.isprintable() else ""):
        if not character.isprintable():
            shown = f"U+{ord(character):04X}"
            errors.append(invalid(path, name, f"invalid character {shown} (at position {position})"))
    return errors


def validate_metadata_update(obj: Object, old: Object, *, custom: bool = False) -> list[FieldError]:
    """Of a changed object, with what may not change. (The resource version is the writer's business.)"""
    meta, before = obj.get("metadata", {}), old.get("metadata", {})
    finalizers = meta.get("finalizers") or ()
    errors: list[FieldError] = []
    if before.get("deletionTimestamp"):
        added = sorted(set(finalizers) - set(before.get("finalizers") or ()))
        if added:
            shown = ", ".join(f'"{each}"' for each in added)
            why = "no new finalizers can be added if the object is being deleted, found new finalizers"
            errors.append(forbidden(_METADATA.child("finalizers"), f"{why} []string{{{shown}}}"))
    if meta.get("generation", 0) < before.get("generation", 0):
        errors.append(invalid(_METADATA.child("generation"), meta.get("generation", 0), "must not be decremented"))
    for name in _UNCHANGING:
        now, then = meta.get(name), before.get(name)
        if (now or None) != (then or None):
            errors.append(invalid(_METADATA.child(name), now, IMMUTABLE))
    errors += _validate_both(meta)
    return errors if custom or not finalizers else errors + validate_finalizer_names(finalizers, _FINALIZERS)
