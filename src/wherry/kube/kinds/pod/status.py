"""What is wrong with a changed status of a pod (ValidatePodStatusUpdate)."""

from collections.abc import Sequence

from wherry.kube.kinds.addresses import address, read
from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.pod.restarting import all_may_restart, restarts
from wherry.kube.kinds.podspec.annotations import validate_annotation_changes
from wherry.kube.kinds.rules import repeated
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, forbidden, invalid
from wherry.kube.machinery.model import Object

_META, _STATUS = Path("metadata"), Path("status")
_OWN_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
_RESTARTED = "may not be transitioned to non-terminated state"
_FAMILIES = "may specify no more than one IP for each IP family"


def validate(pod: Object, old: Object) -> list[FieldError]:
    status, before, spec = pod.get("status") or {}, old.get("status") or {}, old.get("spec") or {}
    errors = validate_annotation_changes(pod, old, _META.child("annotations"))
    for position, condition in enumerate(status.get("conditions") or ()):
        kind = condition.get("type", "")
        if kind not in _OWN_CONDITIONS:
            at = _META.child("conditions").index(position).child("Type")  # so upstream calls it
            errors += names.complain(at, kind, names.qualified_name(kind))
    node = status.get("nominatedNodeName")
    if node and node != before.get("nominatedNodeName"):
        errors += names.complain(_STATUS.child("nominatedNodeName"), node, names.dns1123_subdomain(node))
    errors += immutable(_STATUS.child("qosClass"), status.get("qosClass"), before.get("qosClass"))
    errors += _validate_transitions(status, before, spec)
    errors += _validate_claims(status, spec)
    errors += _validate_addresses(status.get("podIPs") or (), _STATUS.child("podIPs"))
    return errors + _validate_host_addresses(status)


def _validate_transitions(status: Object, before: Object, spec: Object) -> list[FieldError]:
    """A container that has ended for good does not run again; where all may begin anew, none has."""
    errors: list[FieldError] = []
    if spec.get("restartPolicy") != "Always" and not all_may_restart(spec):
        errors += _transitions(status, before, "containerStatuses", spec, spec.get("containers") or ())
        errors += _transitions(status, before, "initContainerStatuses", spec, spec.get("initContainers") or ())
    return errors + _transitions(status, before, "ephemeralContainerStatuses", spec, ())


def _transitions(status: Object, before: Object, field: str, spec: Object, may: Sequence[Object]) -> list[FieldError]:
    """``may``: containers that may start again, if their policies and rules are for it."""
    known = {each.get("name"): each for each in may}
    running = {
        each.get("name") for each in status.get(field) or () if (each.get("state") or {}).get("terminated") is None
    }
    errors: list[FieldError] = []
    for position, each in enumerate(before.get(field) or ()):
        ended = (each.get("state") or {}).get("terminated")
        if ended is None or each.get("name") not in running:
            continue
        container = known.get(each.get("name"))
        if container is None or not restarts(spec, container, ended.get("exitCode") or 0):
            errors.append(forbidden(_STATUS.child(field).index(position).child("state"), _RESTARTED))
    return errors


def _validate_claims(status: Object, spec: Object) -> list[FieldError]:
    known = {each.get("name") for each in spec.get("resourceClaims") or ()}
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, each in enumerate(status.get("resourceClaimStatuses") or ()):
        at, name = _STATUS.child("resourceClaimStatuses").index(position).child("name"), each.get("name", "")
        if name not in known:
            errors.append(invalid(at, name, "must match the name of an entry in `spec.resourceClaims`"))
        if name in seen:
            errors.append(duplicate(at, name))
        seen.add(name)
        claim = each.get("resourceClaimName")
        if claim is not None:
            errors += names.complain(at, claim, names.dns1123_subdomain(claim))
    return errors


def _validate_addresses(addresses: Sequence[Object], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    texts = [each.get("ip", "") for each in addresses]
    for position, text in enumerate(texts):
        errors += address(path.index(position), text)
    parsed = [read(text) for text in texts]
    versions = [each.version for each in parsed if each is not None]
    if len(texts) > 1 and (len(texts) > 2 or len(set(versions)) != 2):
        errors.append(invalid(path, list(addresses), _FAMILIES))
    return errors + [duplicate(path.index(position), {"ip": text}) for position, text in repeated(texts)]


def _validate_host_addresses(status: Object) -> list[FieldError]:
    addresses = status.get("hostIPs") or ()
    if not addresses:
        return []
    path, first = _STATUS.child("hostIPs"), addresses[0].get("ip", "")
    errors: list[FieldError] = []
    if status.get("hostIP", "") != first:
        errors.append(invalid(path.index(0).child("ip"), first, "must be equal to `hostIP`"))
    return errors + _validate_addresses(addresses, path)
