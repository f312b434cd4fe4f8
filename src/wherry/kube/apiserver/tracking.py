"""Who owns which field: ``metadata.managedFields`` of what a request writes."""

from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.stored import copied
from wherry.kube.machinery.apply.managed import Manager, track_update
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339


def manager_of(call: Call, operation: str, subresource: str = "", time: str = "") -> Manager:
    """Whoever sent the request, as an owner of fields. ``time``: when, if somebody has written that down already."""
    served = call.served
    return Manager(
        call.manager, operation, served.api_version, time or rfc3339(call.now), subresource,
        served.version.schema(), served.kind.has_status,
    )  # fmt: skip


class Tracker:
    """Of a create, an update or a patch: what it changed belongs to its sender. Works on stored objects, in place."""

    def __init__(self, call: Call, subresource: str = "") -> None:
        self._call = call
        self._subresource = subresource

    def created(self, obj: Object) -> None:
        self._track(None, obj)

    def changed(self, new: Object, old: Object) -> None:
        self._track(old, new)

    def _track(self, live: Object | None, new: Object) -> None:
        served = self._call.served
        time = new["metadata"]["creationTimestamp"] if live is None else ""
        manager = manager_of(self._call, "Update", self._subresource, time)
        if served.is_storage:
            track_update(live, new, manager)
            return
        shown = served.from_storage(copied(new))
        track_update(served.from_storage(copied(live)) if live is not None else None, shown, manager)
        managed = shown["metadata"].get("managedFields")
        if managed:
            new["metadata"]["managedFields"] = managed
        else:
            new["metadata"].pop("managedFields", None)


class Applied(Tracker):
    """Of a server-side apply, which has settled it itself."""

    def _track(self, live: Object | None, new: Object) -> None:
        return None
