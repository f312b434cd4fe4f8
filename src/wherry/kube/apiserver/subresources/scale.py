"""``scale``: how many replicas, for whatever kind (autoscaling/v1 Scale)."""

from typing import Any

from wherry.kube.apiserver import decoding
from wherry.kube.apiserver.api import Api, Subresource
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.patching import changer
from wherry.kube.apiserver.tracking import Tracker
from wherry.kube.apiserver.writing import Part
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery import status
from wherry.kube.machinery.fielderrors import invalid
from wherry.kube.machinery.model import GroupKind, GroupVersionKind, Object
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.selectors import of_object

_SCALE = GroupVersionKind("autoscaling", "v1", "Scale")
_PART = Part("scale")


def subresource(api: Api) -> Subresource:
    """For every kind with :attr:`wherry.kube.kinds.model.Kind.scale`."""

    async def get(call: Call) -> Outcome:
        entry = await api.reads.get(call)
        return Outcome(200, document=shown(call.served.kind, entry.object))

    async def update(call: Call) -> Outcome:
        wanted = decoding.read_as(call, _SCALE, schema_of(_SCALE))
        decoding.check_place(call, wanted, call.served)

        def make(entry: Entry) -> Object:
            return _scaled(call, entry.copy(), entry, wanted)

        return await _change(call, make)

    async def patch(call: Call) -> Outcome:
        change = changer(call, schema_of(_SCALE))

        def make(entry: Entry) -> Object:
            obj = entry.copy()
            wanted = change(shown(call.served.kind, obj))
            decoding.settle(call, wanted, _SCALE, schema_of(_SCALE))
            return _scaled(call, obj, entry, wanted)

        return await _change(call, make)

    async def _change(call: Call, make: Any) -> Outcome:
        await api.writes.change(call, make, _PART, Tracker(call, "scale"))
        entry = await api.writes.entry(call, call.info.name)
        return Outcome(200, document=shown(call.served.kind, entry.object))

    return Subresource("scale", {"get": get, "update": update, "patch": patch})


def shown(kind: Kind, obj: Object) -> Object:
    """The Scale of an object."""
    scale, metadata = kind.scale, obj["metadata"]
    assert scale is not None
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    found: Object = {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in names if name in metadata},
        "spec": {"replicas": _at(obj, scale.replicas) or 0},
        "status": {"replicas": _at(obj, scale.status_replicas) or 0},
    }
    selector = _at(obj, scale.selector) if scale.selector else None
    if isinstance(selector, str):
        found["status"]["selector"] = selector
    elif isinstance(selector, dict):
        plain = not {"matchLabels", "matchExpressions"} & set(selector) and selector
        found["status"]["selector"] = str(of_object({"matchLabels": selector} if plain else selector))
    return found


def _scaled(call: Call, obj: Object, entry: Entry, wanted: Object) -> Object:
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        found = [invalid("spec.replicas", replicas, "must be greater than or equal to 0")]
        raise status.invalid(GroupKind("autoscaling", "Scale"), call.info.name, found)
    given = (wanted.get("metadata") or {}).get("resourceVersion")
    if given and given != str(entry.revision):
        raise status.conflict(call.resource, call.info.name, status.CHANGED)
    scale = call.served.kind.scale
    assert scale is not None
    *above, last = scale.replicas.strip(".").split(".")
    place = obj
    for name in above:
        place = place.setdefault(name, {})
    place[last] = replicas
    del obj["metadata"]["resourceVersion"]  # whichever it is now
    return obj


def _at(obj: Object, path: str) -> Any:
    """The value at a path such as ``.spec.replicas``; None where there is none."""
    value: Any = obj
    for name in path.strip(".").split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
