"""Events on their way to the store (pkg/apis/core/validation/events.go). They are stored as v1 has them."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

_OBJECT = Path("involvedObject").child("namespace")
_MISMATCH = "does not match event.namespace"
_NO_NAMESPACE = frozenset((
    "Node", "Namespace", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "StorageClass", "PriorityClass",
    "CustomResourceDefinition", "APIService", "CSIDriver", "CSINode", "VolumeAttachment", "RuntimeClass",
))  # fmt: skip
_NAMESPACED = frozenset((
    "Pod", "Service", "Endpoints", "ConfigMap", "Secret", "ServiceAccount", "ReplicationController",
    "PersistentVolumeClaim", "ResourceQuota", "LimitRange", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet",
    "Job", "CronJob", "Ingress", "NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget", "EndpointSlice",
))  # fmt: skip
_BUILTIN_GROUPS = ("apps", "batch", "autoscaling", "policy", "networking.k8s.io", "discovery.k8s.io", "storage.k8s.io")
_TEXT_BYTES, _NOTE_BYTES = 128, 1024
_FIXED = (
    "involvedObject", "reason", "message", "firstTimestamp", "lastTimestamp", "count", "type", "eventTime",
    "reportingComponent", "reportingInstance", "action", "related",
)  # fmt: skip
_SHOWN = {"involvedObject": "regarding", "message": "note", "reportingComponent": "reportingController"}


class EventStrategy(Strategy):
    """``strict``: by the rules of events.k8s.io, which knows what an event is; v1 takes nearly anything."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        errors = _validate_times(obj) if obj.get("eventTime") else _validate_place(obj)
        return errors + (_validate_strictly(obj) if self._strict else [])

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        if not self._strict:
            return self.validate(obj, context)
        errors = _validate_series(obj)
        for name in _FIXED:
            errors += immutable(Path(_SHOWN.get(name, name)), obj.get(name), old.get(name))
        return errors


def _validate_place(event: Object) -> list[FieldError]:
    """The event is in the namespace of what it is about; ``default`` is for what has none."""
    about, namespace = event.get("involvedObject") or {}, event["metadata"].get("namespace", "")
    place, kind = about.get("namespace", ""), about.get("kind", "")
    errors: list[FieldError] = []
    wanted = (place,) if place else ("", "default")
    if namespace not in wanted:
        errors.append(invalid(_OBJECT, place, _MISMATCH))
    if not _is_known(about):
        return errors
    if kind in _NAMESPACED and not place:
        errors.append(required(_OBJECT, f"required for kind {kind}"))
    elif kind in _NO_NAMESPACE and place:
        errors.append(invalid(_OBJECT, place, f"not allowed for kind {kind}"))
    return errors


def _is_known(about: Object) -> bool:
    group, slash, _ = about.get("apiVersion", "").rpartition("/")
    return bool(about.get("apiVersion")) and (not slash or group in _BUILTIN_GROUPS)


def _validate_times(event: Object) -> list[FieldError]:
    """Of an event that says when it happened to the microsecond: a new one."""
    about, namespace = event.get("involvedObject") or {}, event["metadata"].get("namespace", "")
    place = about.get("namespace", "")
    errors: list[FieldError] = []
    if not place and namespace not in ("default", "kube-system"):
        errors.append(invalid(_OBJECT, place, _MISMATCH))
    reporter = event.get("reportingComponent") or ""
    if not reporter:
        errors.append(required("reportingController"))
    errors += names.complain(Path("reportingController"), reporter, names.qualified_name(reporter))
    for field, shown in (("reportingInstance", "reportingInstance"), ("action", "action"), ("reason", "reason")):
        text = event.get(field) or ""
        if not text:
            errors.append(required(shown))
        elif len(text.encode()) > _TEXT_BYTES:
            errors.append(invalid(shown, "", f"can have at most {_TEXT_BYTES} characters"))
    if len((event.get("message") or "").encode()) > _NOTE_BYTES:
        errors.append(invalid("message", "", f"can have at most {_NOTE_BYTES} characters"))
    return errors


def _validate_series(event: Object) -> list[FieldError]:
    series = event.get("series")
    if series is None:
        return []
    errors: list[FieldError] = []
    if series.get("count", 0) < 2:
        errors.append(invalid("series.count", "", "should be at least 2"))
    if not series.get("lastObservedTime"):
        errors.append(required("series.lastObservedTime"))
    return errors


def _validate_strictly(event: Object) -> list[FieldError]:
    errors = _validate_series(event)
    if not event.get("eventTime"):
        errors.append(required("eventTime"))
    kind = event.get("type", "")
    if kind not in ("Normal", "Warning"):
        errors.append(invalid("type", "", f"has invalid value: {kind}"))
    unset = "needs to be unset"
    errors += [invalid(name, "", unset) for name in ("firstTimestamp", "lastTimestamp", "count") if event.get(name)]
    if any((event.get("source") or {}).values()):
        errors.append(invalid("source", "", unset))
    return errors
