"""Persistent volumes on their way to the store (ValidatePersistentVolumeSpec, ValidatePersistentVolumeUpdate)."""

from collections.abc import Sequence
from posixpath import normpath

from wherry.kube.kinds.checking import (
    canonical_resources,
    immutable,
    optional_choice,
    positive_quantity,
    same,
    set_default,
)
from wherry.kube.kinds.differing import difference
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.nodelabels import selector_warnings
from wherry.kube.kinds.persistentvolume.columns import CLASS
from wherry.kube.kinds.persistentvolume.sources import RULES, SOURCES
from wherry.kube.kinds.podspec.claims import VOLUME_MODES, validate_access_modes
from wherry.kube.kinds.podspec.defaults import default_source
from wherry.kube.kinds.podspec.scheduling import validate_node_selector
from wherry.kube.kinds.podspec.sources import validate_source
from wherry.kube.kinds.podspec.volumes import MORE_THAN_ONE
from wherry.kube.kinds.uncounted import Uncounted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

_SPEC = Path("spec")
_POLICIES = ("Delete", "Recycle", "Retain")
_BETA_LABELS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}


class PersistentVolumeStrategy(Uncounted):
    """See the module."""

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, persistentVolumeReclaimPolicy="Retain")
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"
        canonical_resources(spec.get("capacity"))
        for kind in SOURCES:
            if spec.get(kind) is not None:
                default_source(kind, spec[kind])

    def prepare_create(self, obj: Object, context: Context) -> None:
        super().prepare_create(obj, context)
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": rfc3339(context.now)}

    def prepare_status_update(self, obj: Object, old: Object, context: Context) -> None:
        status, before = obj.setdefault("status", {}), old.get("status") or {}
        set_default(status, phase="Pending")
        if status["phase"] != before.get("phase"):
            if status.get("lastPhaseTransitionTime") in (None, before.get("lastPhaseTransitionTime")):
                status["lastPhaseTransitionTime"] = rfc3339(context.now)
        elif "lastPhaseTransitionTime" in before:
            status.setdefault("lastPhaseTransitionTime", before["lastPhaseTransitionTime"])

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate(obj.get("spec") or {})

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        spec, before = obj.get("spec") or {}, old.get("spec") or {}
        return [*_validate(spec), *_validate_changes(spec, before)]

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        spec, found = obj.get("spec") or {}, []
        if CLASS in (obj["metadata"].get("annotations") or {}):
            instead = 'deprecated since v1.8; use "storageClassName" attribute instead'
            found.append(f"metadata.annotations[{CLASS}]: {instead}")
        if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
            found.append(
                "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                "Instead, the recommended approach is to use dynamic provisioning."
            )
        terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
        for position, term in enumerate(terms):
            at = _SPEC.child("nodeAffinity", "required", "nodeSelectorTerms").index(position)
            found += selector_warnings(term, at)
        return found


def _validate(spec: Object) -> list[FieldError]:
    modes, at = spec.get("accessModes") or (), _SPEC.child("accessModes")
    errors = [] if modes else [required(at)]
    errors += validate_access_modes(modes, at)
    errors += _validate_capacity(spec.get("capacity") or {}, _SPEC.child("capacity"))
    policy = spec.get("persistentVolumeReclaimPolicy")
    errors += optional_choice(_SPEC.child("persistentVolumeReclaimPolicy"), policy, _POLICIES)
    affinity = spec.get("nodeAffinity")
    if affinity is not None:
        errors += _validate_affinity(affinity, _SPEC.child("nodeAffinity"))
    errors += _validate_sources(spec)
    if policy == "Recycle" and normpath((spec.get("hostPath") or {}).get("path") or ".") == "/":
        why = "may not be 'recycle' for a hostPath mount of '/'"
        errors.append(forbidden(_SPEC.child("persistentVolumeReclaimPolicy"), why))
    if name := spec.get("storageClassName"):
        errors += names.complain(_SPEC.child("storageClassName"), name, names.dns1123_subdomain(name))
    errors += optional_choice(_SPEC.child("volumeMode"), spec.get("volumeMode"), VOLUME_MODES)
    return errors + _validate_attributes(spec)


def _validate_capacity(capacity: Object, path: Path) -> list[FieldError]:
    errors = [] if capacity else [required(path)]
    if list(capacity) != ["storage"]:
        errors.append(not_supported(path, capacity, ("storage",)))
    return errors + [error for name in capacity for error in positive_quantity(path.key(name), capacity[name])]


def _validate_affinity(affinity: Object, path: Path) -> list[FieldError]:
    if affinity.get("required") is None:
        return [required(path.child("required"), "must specify required node constraints")]
    return validate_node_selector(affinity["required"], path.child("required"))


def _validate_sources(spec: Object) -> list[FieldError]:
    kinds = [kind for kind in SOURCES if spec.get(kind) is not None]
    if not kinds:
        return [required(_SPEC, "must specify a volume type")]
    errors = validate_source(kinds[0], spec[kinds[0]], _SPEC, RULES)
    if kinds[0] == "local" and spec.get("nodeAffinity") is None:
        errors.append(required(_SPEC.child("nodeAffinity"), "Local volume requires node affinity"))
    return errors + [forbidden(_SPEC.child(each), MORE_THAN_ONE) for each in kinds[1:]]


def _validate_attributes(spec: Object) -> list[FieldError]:
    name, at = spec.get("volumeAttributesClassName"), _SPEC.child("volumeAttributesClassName")
    if name is None:
        return []
    errors = names.complain(at, name, names.dns1123_subdomain(name)) if name else []
    if not name:
        errors.append(required(at, "an empty string is disallowed"))
    if spec.get("csi") is None:
        why = "has to be specified when using volumeAttributesClassName"
        errors.append(required(_SPEC.child("csi"), why))
    return errors


def _validate_changes(spec: Object, before: Object) -> list[FieldError]:
    """The storage stays what it is."""
    new, old = _source(spec), _source(before)
    if "controllerExpandSecretRef" not in (old.get("csi") or {}) and new.get("csi"):
        kept = {name: value for name, value in new["csi"].items() if name != "controllerExpandSecretRef"}
        new = {**new, "csi": kept}
    errors: list[FieldError] = []
    if not same(new, old):
        why = f"spec.persistentvolumesource is immutable after creation\n{difference(old, new)}"
        errors.append(forbidden(_SPEC.child("persistentvolumesource"), why))
    errors += immutable(Path("volumeMode"), spec.get("volumeMode"), before.get("volumeMode"))
    affinity, was = spec.get("nodeAffinity"), before.get("nodeAffinity")
    if was is not None and not same(_with_stable_labels(affinity), _with_stable_labels(was)):
        why = f"{names.IMMUTABLE}, except for updating from beta label to GA"
        errors.append(invalid(Path("nodeAffinity"), affinity, why))
    if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        why = "update from non-nil value to nil is forbidden"
        errors.append(forbidden(_SPEC.child("volumeAttributesClassName"), why))
    return errors


def _source(spec: Object) -> Object:
    return {kind: spec[kind] for kind in SOURCES if spec.get(kind) is not None}


def _with_stable_labels(affinity: Object | None) -> Object:
    terms = ((affinity or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    renamed = [
        {
            **term,
            "matchExpressions": [
                {**each, "key": _BETA_LABELS.get(each.get("key", ""), each.get("key", ""))}
                for each in term.get("matchExpressions") or ()
            ],
        }
        for term in terms
    ]
    return {"required": {"nodeSelectorTerms": renamed}}
