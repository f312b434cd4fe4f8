"""What may change of a pod that exists (ValidatePodUpdate, ValidatePodEphemeralContainersUpdate, ValidatePodResize)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import read_quantity, same
from wherry.kube.kinds.differing import difference
from wherry.kube.kinds.pod.qos import qos_class
from wherry.kube.kinds.podspec.annotations import MIRROR, validate_annotation_changes
from wherry.kube.kinds.podspec.containers import validate_image_padding
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required
from wherry.kube.machinery.model import Object

_SPEC, _ANNOTATIONS = Path("spec"), Path("metadata").child("annotations")
_MAX_INT32 = 2**31 - 1
_UPDATABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def validate_update(pod: Object, old: Object, errors: list[FieldError]) -> list[FieldError]:
    """``errors``: what is wrong with it besides."""
    spec, before = pod.get("spec") or {}, old.get("spec") or {}
    errors = errors + validate_annotation_changes(pod, old, _ANNOTATIONS)
    for kind in ("containers", "initContainers"):
        found, stop = _validate_images(spec.get(kind) or (), before.get(kind) or (), _SPEC.child(kind))
        errors += found
        if stop:
            return errors
    found = _validate_deadline(spec, before)
    errors += found
    if found and spec.get("activeDeadlineSeconds") is not None:
        return errors
    errors += _validate_tolerations(spec.get("tolerations") or (), before.get("tolerations") or ())
    errors += _validate_gates(spec.get("schedulingGates") or (), before.get("schedulingGates") or ())
    if same(spec, before):
        return errors
    munged, found = _without_allowed_changes(spec, before)
    errors += found
    if not same(munged, before):
        what = f"pod updates may not change fields other than {_UPDATABLE}\n{difference(before, munged)}"
        errors.append(forbidden(_SPEC, what))
    return errors


def _validate_images(new: Sequence[Object], old: Sequence[Object], path: Path) -> tuple[list[FieldError], bool]:
    if len(new) != len(old):
        return [forbidden(path, "pod updates may not add or remove containers")], True
    errors: list[FieldError] = []
    for position, container in enumerate(new):
        if not container.get("image"):
            errors.append(required(path.index(position).child("image")))
        errors += validate_image_padding(container, path.index(position))
    return errors, False


def _validate_deadline(spec: Object, before: Object) -> list[FieldError]:
    """It may be set once, and then only be made shorter."""
    now, then, at = spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds"), "activeDeadlineSeconds"
    if now is None:
        if then is None:
            return []
        return [invalid(_SPEC.child(at), None, "must not update from a positive integer to nil value")]
    if not 0 <= now <= _MAX_INT32:
        return [invalid(_SPEC.child(at), now, names.in_range(0, _MAX_INT32))]
    if then is not None and then < now:
        return [invalid(_SPEC.child(at), now, "must be less than or equal to previous value")]
    return []


def _validate_tolerations(new: Sequence[Object], old: Sequence[Object]) -> list[FieldError]:
    kept = [{**each, "tolerationSeconds": None} for each in new]
    if all(any(same({**each, "tolerationSeconds": None}, other) for other in kept) for each in old):
        return []
    why = "existing toleration can not be modified except its tolerationSeconds"
    return [forbidden(_SPEC.child("tolerations"), why)]


def _validate_gates(new: Sequence[Object], old: Sequence[Object]) -> list[FieldError]:
    known = {each.get("name") for each in old}
    return [
        forbidden(
            _SPEC.child("schedulingGates").index(position).child("name"),
            f"only deletion is allowed, but found new scheduling gate '{each.get('name', '')}'",
        )
        for position, each in enumerate(new)
        if each.get("name") not in known
    ]


def _without_allowed_changes(spec: Object, before: Object) -> tuple[Object, list[FieldError]]:
    """The new spec with the old one's value in every field that may change, and what is wrong with such changes."""
    munged = dict(spec)
    for kind in ("containers", "initContainers"):
        pairs = zip(spec.get(kind) or (), before.get(kind) or (), strict=True)
        munged[kind] = [{**now, "image": then.get("image", "")} for now, then in pairs]
    for name in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        munged[name] = before.get(name)
    grace = before.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0 and spec.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = grace
    if not before.get("schedulingGates"):
        return munged, []
    errors = _validate_node_selector(munged.get("nodeSelector") or {}, before.get("nodeSelector") or {})
    munged["nodeSelector"] = before.get("nodeSelector")
    node, old_node = (each.get("affinity") or {} for each in (munged, before))
    errors += _validate_node_affinity(node.get("nodeAffinity"), old_node.get("nodeAffinity"))
    munged["affinity"] = {**node, "nodeAffinity": old_node.get("nodeAffinity")}
    return munged, errors


def _validate_node_selector(new: Object, old: Object) -> list[FieldError]:
    """Of a gated pod: it may become narrower."""
    if all(new.get(key) == value for key, value in old.items()):
        return []
    why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
    return [invalid(_SPEC.child("nodeSelector"), new, why)]


def _validate_node_affinity(new: Object | None, old: Object | None) -> list[FieldError]:
    before = ((old or {}).get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    terms = ((new or {}).get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    at = _SPEC.child("affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
    if not before:
        return []
    if len(before) != len(terms):
        why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        return [invalid(at, terms, why)]
    why = "only additions are allowed (no mutations or deletions)"
    pairs = enumerate(zip(terms, before, strict=True))
    return [invalid(at.index(n), now, why) for n, (now, then) in pairs if not _only_adds(now, then)]


def _only_adds(new: Object, old: Object) -> bool:
    parts = ("matchExpressions", "matchFields")
    if not any(old.get(part) for part in parts):
        return not any(new.get(part) for part in parts)
    return all(same((new.get(part) or [])[: len(old.get(part) or [])], old.get(part) or []) for part in parts)


def _is_mirror(old: Object) -> bool:
    return MIRROR in (old["metadata"].get("annotations") or {})


def validate_ephemeral_containers(pod: Object, old: Object, errors: list[FieldError]) -> list[FieldError]:
    """They may be added, and stay as they are."""
    if _is_mirror(old):
        return [forbidden("", "static pods do not support ephemeral containers")]
    at = _SPEC.child("ephemeralContainers")
    errors = errors + validate_annotation_changes(pod, old, _ANNOTATIONS)
    known = {each.get("name"): each for each in pod["spec"].get("ephemeralContainers") or ()}
    for before in old["spec"].get("ephemeralContainers") or ():
        name = before.get("name", "")
        if name not in known:
            errors.append(forbidden(at, f'existing ephemeral containers "{name}" may not be removed\n'))
        elif not same(known[name], before):
            changed = f'existing ephemeral containers "{name}" may not be changed'
            errors.append(forbidden(at, f"{changed}\n{difference(before, known[name])}"))
    return errors


_CPU_AND_MEMORY = ("cpu", "memory")


def validate_resize(pod: Object, old: Object, errors: list[FieldError]) -> list[FieldError]:
    """cpu and memory of running containers and sidecars may change, within the same QoS class."""
    spec, before = pod["spec"], old["spec"]
    if any((each.get("resources") or {}).get(kind) for each in (spec, before) for kind in ("requests", "limits")):
        return [forbidden("", "pods with pod-level resources cannot be resized")]
    if _is_mirror(old):
        return [forbidden("", "static pods cannot be resized")]
    if (before.get("os") or {}).get("name") == "windows":
        return [forbidden("", "windows pods cannot be resized")]
    errors = list(errors)
    kept = (old.get("status") or {}).get("qosClass") or qos_class(before)
    if kept != qos_class(spec):
        errors.append(invalid(_SPEC, kept, "Pod QOS Class may not change as a result of resizing"))
    for kind in ("containers", "initContainers"):
        new, existing = spec.get(kind) or (), before.get(kind) or ()
        if [each.get("name") for each in new] != [each.get("name") for each in existing]:
            return [*errors, forbidden(_SPEC, "only cpu and memory resources are mutable")]
        for position, (now, then) in enumerate(zip(new, existing, strict=True)):
            is_init = kind == "initContainers"
            errors += _validate_resized(now, then, is_init, _SPEC.child(kind).index(position).child("resources"))
    return errors


def _validate_resized(now: Object, then: Object, is_init: bool, path: Path) -> list[FieldError]:
    if is_init and then.get("restartPolicy") != "Always":
        if same(now, then):
            return []
        return [forbidden(_SPEC, "resources for non-sidecar init containers are immutable")]
    resources, before = now.get("resources") or {}, then.get("resources") or {}
    errors: list[FieldError] = []
    for kind in ("requests", "limits"):
        if (before.get(kind) or {}).keys() - (resources.get(kind) or {}).keys():
            errors.append(forbidden(path.child(kind), f"resource {kind} cannot be removed"))
    if not same(_other(resources), _other(before)):
        what = "resources for sidecar containers" if is_init else "resources"
        errors.append(forbidden(_SPEC, f"only cpu and memory {what} are mutable"))
    return errors + _validate_memory_limit(now, then, path.child("limits").key("memory"))


def _other(resources: Object) -> Object:
    """All but what may change."""
    kinds = {
        kind: {name: amount for name, amount in (resources.get(kind) or {}).items() if name not in _CPU_AND_MEMORY}
        for kind in ("requests", "limits")
    }
    return {**kinds, "claims": resources.get("claims")}


def _validate_memory_limit(now: Object, then: Object, path: Path) -> list[FieldError]:
    """A process cannot be asked to give memory back: that takes a restart."""
    policies = {each.get("resourceName"): each.get("restartPolicy") for each in now.get("resizePolicy") or ()}
    new = ((now.get("resources") or {}).get("limits") or {}).get("memory")
    old = ((then.get("resources") or {}).get("limits") or {}).get("memory")
    if policies.get("memory") == "RestartContainer" or new is None or old is None:
        return []
    if read_quantity(path, new)[0] < read_quantity(path, old)[0]:
        return [forbidden(path, "memory limits cannot be decreased unless resizePolicy is RestartContainer")]
    return []
