"""The steps of a write that wait for nothing and look at nothing but their arguments: so they can be taken beside the
loop, where they take long (:mod:`.aside`)."""

from collections.abc import Callable
from functools import cache

from wherry.kube.apiserver import decoding, metadata
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.tracking import Tracker
from wherry.kube.kinds.model import Context, Kind
from wherry.kube.machinery import status
from wherry.kube.machinery.apply.managed import restore_times
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.objectmeta import validate_metadata, validate_metadata_update
from wherry.kube.machinery.schema.model import Schema

Make = Callable[[Entry], Object]
"""From an object as it is to what it is to be (its own, storage version, same place)."""
_STATUS = "status"


def read(call: Call, is_status: bool) -> Object:
    """What an update is to make of an object, in the storage version. Raises StatusError."""
    obj = decoding.read_status(call) if is_status else decoding.read(call)
    decoding.check_place(call, obj, call.served)
    return call.served.to_storage(obj)


def prepare(call: Call, context: Context, new: Object, old: Object) -> None:
    """What is left to be said of a changed object, before it is admitted."""
    kind, strategy = call.served.kind, call.served.kind.strategy
    metadata.carry_over(new, old, call)
    if context.subresource == _STATUS:
        metadata.keep_all_but_status(new, old, annotations=kind.status_annotations)
        default(call, new, context.subresource)
        strategy.prepare_status_update(new, old, context)
        return
    if kind.has_status and not context.subresource:
        metadata.keep_status(new, old)
    default(call, new)
    strategy.prepare_update(new, old, context)
    metadata.count_generation(new, old, kind)


def made(make: Make, entry: Entry) -> tuple[Object, Object]:
    """An object as it is, and what it is to be."""
    return entry.object, make(entry)


def check_new(call: Call, context: Context, new: Object) -> None:
    """Raises StatusError 422."""
    kind, strategy = call.served.kind, call.served.kind.strategy
    found = validate_metadata(new, kind.namespaced, kind.check_name, custom=_is_apart(kind))
    found.extend(strategy.validate(new, context))
    if found:
        raise status.invalid(kind.group_kind, new["metadata"].get("name", ""), found)
    call.warnings.extend(strategy.warnings(new, None))


def check_changed(call: Call, context: Context, new: Object, old: Object, tracker: Tracker) -> None:
    """And whose its fields are. Raises StatusError 422."""
    kind, strategy = call.served.kind, call.served.kind.strategy
    tracker.changed(new, old)
    restore_times(old, new)
    found = validate_metadata_update(new, old, custom=_is_apart(kind))
    if context.subresource == _STATUS:
        found.extend(strategy.validate_status_update(new, old, context))
    else:
        found.extend(strategy.validate_update(new, old, context))
    if found:
        raise status.invalid(kind.group_kind, new["metadata"].get("name", ""), found)
    if context.subresource != _STATUS:
        call.warnings.extend(strategy.warnings(new, old))


def default(call: Call, obj: Object, subresource: str = "") -> None:
    """Fill in what was left out. A ``spec`` is there, if empty, as in Go (no pointer): who reads it relies on that."""
    served = call.served
    if obj.get("spec") is None and not served.kind.custom and _has_spec(served.version.schema):
        obj["spec"] = {}
    strategy = served.kind.strategy
    if subresource == _STATUS:
        strategy.default_status(obj)
    else:
        strategy.default(obj)


@cache
def _has_spec(schema: Callable[[], Schema]) -> bool:
    """Of a built-in kind's version, which is the same for ever."""
    return "spec" in schema().properties


def _is_apart(kind: Kind) -> bool:
    """Of another server upstream, whose finalizers need not be qualified names."""
    return kind.custom or kind.group in ("apiextensions.k8s.io", "apiregistration.k8s.io")
