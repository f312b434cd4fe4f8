"""Claims of storage: in PersistentVolumeClaims, in pods and in StatefulSets."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import needed, optional_choice, positive_quantity
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
_OWN_METADATA = ("annotations", "labels", "creationTimestamp")  # the last is null, or an old client's


def validate_claim_template(template: Object, path: Path) -> list[FieldError]:
    """Of a PersistentVolumeClaimTemplate: labels and annotations are all its metadata."""
    meta, at = template.get("metadata") or {}, path.child("metadata")
    errors = names.validate_annotations(meta.get("annotations") or {}, at.child("annotations"))
    errors += names.validate_labels(meta.get("labels") or {}, at.child("labels"))
    errors += [forbidden(at.child(name), "cannot be set") for name in meta if name not in _OWN_METADATA and meta[name]]
    return errors + validate_claim_spec(template.get("spec") or {}, path.child("spec"))


def validate_access_modes(modes: Sequence[str], path: Path) -> list[FieldError]:
    errors = [not_supported(path, mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    known = {mode for mode in modes if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        errors.append(forbidden(path, "may not use ReadWriteOncePod with other access modes"))
    return errors


def validate_claim_spec(spec: Object, path: Path) -> list[FieldError]:
    modes = spec.get("accessModes") or ()
    errors: list[FieldError] = []
    if not modes:
        errors.append(required(path.child("accessModes"), "at least 1 access mode is required"))
    errors += validate_label_selector(spec.get("selector"), path.child("selector"))
    errors += validate_access_modes(modes, path.child("accessModes"))
    requests = (spec.get("resources") or {}).get("requests") or {}
    at = path.child("resources").key("storage")
    errors += positive_quantity(at, requests["storage"]) if "storage" in requests else [required(at)]
    for name in ("storageClassName", "volumeAttributesClassName"):
        if value := spec.get(name):
            errors += names.complain(path.child(name), value, names.dns1123_subdomain(value))
    errors += optional_choice(path.child("volumeMode"), spec.get("volumeMode"), VOLUME_MODES)
    return errors + _validate_data_sources(spec, path)


def _validate_data_sources(spec: Object, path: Path) -> list[FieldError]:
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    errors: list[FieldError] = []
    for name, found in (("dataSource", source), ("dataSourceRef", reference)):
        if found is not None:
            errors += _validate_data_source(found, path.child(name))
    if source is None or reference is None:
        return errors
    if reference.get("namespace"):
        only = "may not be specified when dataSourceRef.namespace is specified"
        errors.append(invalid(path, str(path.child("dataSource")), only))
    elif any(source.get(name) != reference.get(name) for name in ("apiGroup", "kind", "name")):
        errors.append(invalid(path, str(path.child("dataSource")), "must match dataSourceRef"))
    return errors


def _validate_data_source(source: Object, path: Path) -> list[FieldError]:
    errors = needed(path, source, "name", "kind")
    group, kind, namespace = source.get("apiGroup") or "", source.get("kind", ""), source.get("namespace")
    if not group and kind != "PersistentVolumeClaim":
        must = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        errors.append(invalid(path, kind, must))
    if group:
        errors += names.complain(path.child("apiGroup"), group, names.dns1123_subdomain(group))
    if namespace:
        errors += names.complain(path.child("namespace"), namespace, names.dns1123_label(namespace))
    return errors
