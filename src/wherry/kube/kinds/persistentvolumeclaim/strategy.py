"""Claims on their way to the store (ValidatePersistentVolumeClaim, …Update, …StatusUpdate)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import canonical_resources, immutable, read_quantity, same, set_default
from wherry.kube.kinds.differing import difference
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.persistentvolume.columns import CLASS
from wherry.kube.kinds.podspec.claims import validate_claim_spec
from wherry.kube.kinds.podspec.defaults import default_claim_spec
from wherry.kube.kinds.resourcenames import is_native, validate_amount
from wherry.kube.kinds.uncounted import Uncounted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported
from wherry.kube.machinery.model import Object

_SPEC, _STATUS = Path("spec"), Path("status")
_REQUEST = _SPEC.child("resources", "requests", "storage")
_UNCHANGING = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_ATTRIBUTES = "volumeAttributesClassName"
_RESIZES = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizePending", "NodeResizeInProgress",
    "NodeResizeInfeasible",
)  # fmt: skip


class PersistentVolumeClaimStrategy(Uncounted):
    """See the module."""

    def default(self, obj: Object) -> None:
        spec, status = obj.setdefault("spec", {}), obj.get("status") or {}
        default_claim_spec(spec)
        canonical_resources(status.get("capacity"))
        canonical_resources(status.get("allocatedResources"))

    def prepare_create(self, obj: Object, context: Context) -> None:
        super().prepare_create(obj, context)
        obj["status"] = {"phase": "Pending"}
        _mirror_sources(obj["spec"])

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        before = old.get("spec") or {}
        if before.get("dataSource") == obj["spec"].get("dataSource") and "dataSourceRef" not in obj["spec"]:
            _mirror_sources(obj["spec"])

    def prepare_status_update(self, obj: Object, old: Object, context: Context) -> None:
        set_default(obj.setdefault("status", {}), phase="Pending")

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return validate_claim_spec(obj.get("spec") or {}, _SPEC)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return [*self.validate(obj, context), *_validate_changes(obj, old)]

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status") or {}
        errors: list[FieldError] = []
        for field in ("capacity", "allocatedResources"):
            for name, amount in (status.get(field) or {}).items():
                at = _STATUS.child(field).key(name)
                if field == "allocatedResources":
                    errors += _validate_resource(name, _STATUS.child(field))
                errors += validate_amount(name, amount, at)
        at = _STATUS.child("allocatedResourceStatus")
        for name, state in (status.get("allocatedResourceStatuses") or {}).items():
            errors += _validate_resource(name, at)
            if state not in _RESIZES:
                errors.append(not_supported(at, name, _RESIZES))
        return errors

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        spec, found = obj.get("spec") or {}, []
        if CLASS in (obj["metadata"].get("annotations") or {}):
            instead = 'deprecated since v1.8; use "storageClassName" attribute instead'
            found.append(f"metadata.annotations[{CLASS}]: {instead}")
        for name, amount in ((spec.get("resources") or {}).get("requests") or {}).items():
            wanted, _ = read_quantity(_SPEC, amount)
            if name == "storage" and wanted.milli % 1000:
                at = _SPEC.child("resources", "requests").key(name)
                found.append(f'{at}: fractional byte value "{wanted}" is invalid, must be an integer')
        return found


def _mirror_sources(spec: Object) -> None:
    """``dataSource`` and ``dataSourceRef`` say the same, unless the latter names another namespace."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        kind, group = reference.get("kind"), reference.get("apiGroup") or ""
        if (group, kind) in (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")):
            spec["dataSource"] = {name: value for name, value in reference.items() if name != "namespace"}


def _validate_resource(name: str, path: Path) -> list[FieldError]:
    if complaints := names.qualified_name(name):
        return names.complain(path, name, complaints)
    return [not_supported(path, name, ("storage",))] if is_native(name) and name != "storage" else []


def _validate_changes(claim: Object, old: Object) -> list[FieldError]:
    spec, before = claim.get("spec") or {}, old.get("spec") or {}
    munged, munged_before = dict(spec), dict(before)
    if not before.get("volumeName"):
        munged_before["volumeName"] = spec.get("volumeName")  # it is bound once
    errors = _allow_class(claim, old, munged, munged_before)
    bound = (claim.get("status") or {}).get("phase") == "Bound"
    if bound:
        _allow_growth(munged, before)
    if not same(munged, munged_before):
        errors.append(forbidden(_SPEC, f"{_UNCHANGING}\n{difference(munged_before, munged)}"))
    errors += _validate_size(spec, before, old.get("status") or {})
    errors += immutable(Path("volumeMode"), spec.get("volumeMode"), before.get("volumeMode"))
    return errors + _validate_attributes(spec, before)


def _allow_class(claim: Object, old: Object, munged: Object, munged_before: Object) -> list[FieldError]:
    """A claim without a class may be given one; the annotation of old may become the field."""
    now, then = (each["metadata"].get("annotations") or {} for each in (claim, old))
    name, was, annotated = munged.get("storageClassName"), munged_before.get("storageClassName"), then.get(CLASS)
    if annotated is not None and was is None and name == annotated and now.get(CLASS, annotated) == annotated:
        munged["storageClassName"] = None
        return []
    if was is None and name is not None and annotated in (None, name):
        munged["storageClassName"] = None
    if now.get(CLASS) == annotated:
        return []
    return [invalid(Path("metadata").child("annotations", CLASS), now.get(CLASS, ""), names.IMMUTABLE)]


def _allow_growth(munged: Object, before: Object) -> None:
    requests = (munged.get("resources") or {}).get("requests")
    if requests:
        wanted = ((before.get("resources") or {}).get("requests") or {}).get("storage")
        munged["resources"] = {**munged["resources"], "requests": {**requests, "storage": wanted}}
    if munged.get(_ATTRIBUTES) is not None:
        munged[_ATTRIBUTES] = before.get(_ATTRIBUTES)


def _validate_size(spec: Object, before: Object, status: Object) -> list[FieldError]:
    """It may shrink again only as far as the volume has not grown yet."""

    def amount(holder: Object, *fields: str) -> int:
        for field in fields:
            holder = holder.get(field) or {}
        return read_quantity(_REQUEST, holder.get("storage", 0))[0].nano

    new, old = amount(spec, "resources", "requests"), amount(before, "resources", "requests")
    if new >= old or new > amount(status, "capacity"):
        return []
    return [forbidden(_REQUEST, "field can not be less than status.capacity")]


def _validate_attributes(spec: Object, before: Object) -> list[FieldError]:
    name, at = spec.get(_ATTRIBUTES), _SPEC.child(_ATTRIBUTES)
    if before.get(_ATTRIBUTES) is None or name:
        return []
    what = "nil" if name is None else "an empty string"
    return [forbidden(at, f"update from non-nil value to {what} is forbidden")]
