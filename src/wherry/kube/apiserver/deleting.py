"""DELETE, of one object and of many."""

from collections.abc import Callable

from wherry.kube.apiserver import decoding, deletion
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.requestinfo import is_set
from wherry.kube.apiserver.writing import TRIES, Writes
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource, Object
from wherry.store.model import Mismatch

_RETURNED = frozenset({
    GroupResource("", name)
    for name in ("pods", "podtemplates", "resourcequotas", "serviceaccounts", "services", "persistentvolumes",
                 "persistentvolumeclaims")
})  # fmt: skip
"""Kinds whose deletion answers with the object (ReturnDeletedObject in pkg/registry/core); others: with a Status."""


_JOBS = GroupResource("batch", "jobs")
_JOBS_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)


class Deletes:
    """See the module."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    async def delete(self, call: Call) -> Outcome:
        """Raises StatusError."""
        options = _options(call)
        return await self._delete(call, call.info.name, options)

    async def _delete(self, call: Call, name: str, options: Object) -> Outcome:
        for _ in range(TRIES):
            entry = await self._writes.entry(call, name)
            check_preconditions(call, entry, options)
            await self._writes.admit_deletion(call, entry.object)
            plan = deletion.plan(call.served.kind, entry.object, options, call.now)
            try:
                return await self._act(call, entry, plan, options)
            except Mismatch as error:
                if error.item is not None:
                    await self._writes.wait(error.item.revision)
        raise status.conflict(call.resource, name, status.CHANGED)

    async def _act(self, call: Call, entry: Entry, plan: deletion.Deletion, options: Object) -> Outcome:
        if plan.remove:
            revision = entry.revision if call.dry_run else await self._writes.remove(call, entry)
            if call.resource in _RETURNED:
                return Outcome(200, entry.revised(revision).raw)
            return Outcome(200, document=_success(call, entry))
        raw = entry.raw
        if plan.marked is not None and not call.dry_run:
            raw = await self._writes.mark(call, entry, plan.marked)
        return Outcome(202 if options.get("orphanDependents") is False else 200, raw)

    async def delete_all(self, call: Call, matches: Callable[[Entry], bool]) -> list[Entry]:
        """DELETE of a collection: those that match; returns them. What is gone meanwhile is as well."""
        options = _options(call)
        found = [entry for entry in await self._writes.entries(call) if matches(entry)]
        for entry in found:
            try:
                await self._delete(call, entry.name, options)
            except status.StatusError as error:
                if error.code != 404:
                    raise
        return found


def _options(call: Call) -> Object:
    """Of the body, completed by the query."""
    options = decoding.options(call, "DeleteOptions")
    if (grace := call.query.get("gracePeriodSeconds")) is not None:
        try:
            options.setdefault("gracePeriodSeconds", int(grace))
        except ValueError as error:
            raise status.bad_request(f'strconv.ParseInt: parsing "{grace}": invalid syntax') from error
    if policy := call.query.get("propagationPolicy"):
        options.setdefault("propagationPolicy", policy)
    if "orphanDependents" in call.query:
        options.setdefault("orphanDependents", is_set(call.query, "orphanDependents"))
    deletion.check_options(options)
    if call.resource == _JOBS and not {"propagationPolicy", "orphanDependents"} & options.keys():
        call.warnings.append(_JOBS_WARNING)
    if options.get("dryRun"):
        call.query = {**call.query, "dryRun": options["dryRun"][0]}
    return options


def check_preconditions(call: Call, entry: Entry, options: Object) -> None:
    """Of DeleteOptions. Raises StatusError 409."""
    wanted = options.get("preconditions") or {}
    uid, revision = wanted.get("uid"), wanted.get("resourceVersion")
    if uid is not None and uid != entry.uid:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {entry.uid}"
        raise status.conflict(call.resource, entry.name, why)
    if revision is not None and revision != str(entry.revision):
        why = (
            f"Precondition failed: ResourceVersion in precondition: {revision}, "
            f"ResourceVersion in object meta: {entry.revision}"
        )
        raise status.conflict(call.resource, entry.name, why)


def _success(call: Call, entry: Entry) -> Object:
    details = {"name": entry.name, "group": call.resource.group, "kind": call.resource.resource, "uid": entry.uid}
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {name: value for name, value in details.items() if value},
    }  # fmt: skip
