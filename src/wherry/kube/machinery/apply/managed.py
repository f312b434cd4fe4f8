"""Who changed what: ``metadata.managedFields`` of everything that is written
(apimachinery, pkg/util/managedfields; structured-merge-diff, merge/update.go)."""

import functools
from typing import Any

import msgspec

from wherry.kube.machinery.apply.comparison import Comparison, compare
from wherry.kube.machinery.apply.creating import IDENTITY, TYPE, creators
from wherry.kube.machinery.apply.entries import (
    Entry,
    Managed,
    Owner,
    capped,
    decoded,
    encoded,
    is_reset,
    owner_of,
)
from wherry.kube.machinery.apply.fieldsets import (
    NOTHING,
    FieldSet,
    contains,
    difference,
    intersection,
    of_paths,
    only,
    recursive_difference,
    union,
)
from wherry.kube.machinery.apply.removal import reconciled
from wherry.kube.machinery.apply.shapes import of_object
from wherry.kube.machinery.jsondocs import encode
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.values import same
from wherry.kube.machinery.schema.model import Schema

_STRIPPED = of_paths((*TYPE, "metadata", *(f"metadata.{name}" for name in sorted(IDENTITY))))
_STATUS = of_paths(("status",))
_BEFORE = "before-first-apply"
_REMEMBERED_BYTES = 4096


class Manager(msgspec.Struct, frozen=True):
    """Who writes, how and when.

    ``name`` is the field manager of the request (empty: ``unknown``), ``operation`` is Update or Apply,
    ``api_version`` that of the objects passed along with it, ``time`` RFC 3339 in UTC. ``has_status``: only the status
    subresource writes ``status``. ``reset_fields`` are further ones that this write cannot change, such as
    ``metadata.labels``: whoever tries does not own them.
    """

    name: str
    operation: str
    api_version: str
    time: str
    subresource: str
    schema: Schema
    has_status: bool = True
    reset_fields: tuple[str, ...] = ()

    @property
    def owner(self) -> Owner:
        return owner_of(self.name or "unknown", self.operation, self.api_version, self.subresource)

    def writable(self, fields: FieldSet) -> FieldSet:
        """Those that this write can change, of a set."""
        if self.subresource == "status":
            fields = only(fields, "f:status")
        elif self.has_status and self.subresource in ("", "scale"):
            fields = recursive_difference(fields, _STATUS)
        return recursive_difference(fields, of_paths(self.reset_fields)) if self.reset_fields else fields


def track_update(live: Object | None, new: Object, manager: Manager) -> None:
    """Set ``new["metadata"]["managedFields"]``, after a create (``live`` None), an update or a patch.

    ``new`` is the object as it is going to be stored, with whatever managedFields the client sent: valid ones count,
    an empty list or one empty entry ends the tracking, anything else is passed over in favour of the live object's. An
    object that has none does not get any, except when it is created. Other managers lose what was changed or removed;
    the time of an entry changes only when its manager changed something. ``live`` is not changed. Raises nothing.
    """
    metadata = new.setdefault("metadata", {})
    try:
        is_first = live is None and not manager.subresource and not manager.reset_fields
        if is_first and not metadata.get("managedFields"):
            documents: object = _first(new, manager)
        else:
            documents = encoded(_updated(live, new, manager))
    except (ValueError, TypeError, RecursionError):
        documents = managed_fields(live)  # which this code cannot have written: leave them as they are
    if documents:
        metadata["managedFields"] = documents
    else:
        metadata.pop("managedFields", None)


def restore_times(live: Object, new: Object) -> None:
    """Make ``new`` equal to ``live`` when the times of its managedFields are all that differs: then there is nothing to
    write (apiserver, fieldmanager.IgnoreManagedFieldsTimestampsTransformer). The resourceVersion does not count."""
    old, given = managed_fields(live), managed_fields(new)
    if not isinstance(old, list) or not isinstance(given, list) or old == given:
        return
    if _timeless(old) == _timeless(given) and same(_unversioned(live), _unversioned(new)):
        new["metadata"]["managedFields"] = old


def _timeless(documents: list[Any]) -> list[Object]:
    return [{key: value for key, value in each.items() if key != "time"} for each in documents]


def _unversioned(obj: Object) -> Object:
    metadata = bare(obj).get("metadata") or {}
    return {**obj, "metadata": {key: value for key, value in metadata.items() if key != "resourceVersion"}}


def managed_fields(obj: Object | None) -> object:
    """As the object has them; None without an object."""
    metadata = obj.get("metadata") if obj else None
    return metadata.get("managedFields") if isinstance(metadata, dict) else None


def _updated(live: Object | None, new: Object, manager: Manager) -> Managed:
    managed = _live_or_new(live, new, manager.subresource != "")
    if not managed and live is not None:
        return managed
    return updated(managed, bare(live), bare(new), manager)


def _first(new: Object, manager: Manager) -> list[Object]:
    """As :func:`encoded` has what :func:`updated` finds of an object that was not there: all in it is the creator's."""
    fields = creators(new, manager.schema, manager.has_status)
    if not fields:
        return []
    document: Object = {
        "manager": manager.name or "unknown",
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        "time": manager.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    if not manager.time:
        del document["time"]
    return [document]


def _live_or_new(live: Object | None, new: Object, is_subresource: bool) -> Managed:
    """The entries to begin with. Clients that know nothing of managed fields must not delete them by accident."""
    old, given = managed_fields(live), managed_fields(new)
    if not is_subresource and given is not None and given != old:
        if is_reset(given):
            return {}
        try:
            managed = decoded(given)
        except (ValueError, RecursionError):
            managed = {}
        if managed:
            return managed
    return decoded(old, trusted=True)


def bare(obj: Object | None) -> Object:
    """Without managedFields, which nobody owns; nothing, of no object. Shares with it."""
    if not obj:
        return {}
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def updated(managed: Managed, old: Object, new: Object, manager: Manager) -> Managed:
    """The entries after an update of objects without managedFields."""
    schema, owner = of_object(manager.schema), manager.owner
    comparison = writable_changes(compare(old, new, schema), manager)
    managed = reconciled_all(managed, schema)
    before, touched = managed.get(owner), comparison.touched
    mine = difference(touched, _STRIPPED)
    if before is not None and mine and mine is touched and not comparison.removed and contains(before.fields, mine):
        left = without_changes(managed, comparison, owner)  # as with every status but the first: only the time is new
        left[owner] = before.at(manager.time)
        return capped(left)
    left = without_changes(managed, comparison, None)
    if mine:
        before = left.get(owner)
        fields = union(mine, before.fields) if before else mine
        left[owner] = Entry(owner, manager.api_version, manager.time, fields)
    return capped(left)


def writable_changes(comparison: Comparison, manager: Manager) -> Comparison:
    """The changes that a write of this manager makes."""
    return Comparison(
        manager.writable(comparison.added), manager.writable(comparison.modified), manager.writable(comparison.removed)
    )


def reconciled_all(managed: Managed, schema: Schema) -> Managed:
    """With sets that agree with the schema as it is now."""
    return {owner: entry.with_fields(_reconciled(entry.fields, schema)) for owner, entry in managed.items()}


def _reconciled(fields: FieldSet, schema: Schema) -> FieldSet:
    """Thousands of objects have the same sets, and a schema hardly ever changes: what agrees with it is remembered."""
    text = encode(fields)
    return fields if len(text) <= _REMEMBERED_BYTES and _agrees(schema, text) else reconciled(fields, schema)


@functools.lru_cache(maxsize=1024)
def _agrees(schema: Schema, text: bytes) -> bool:
    fields = msgspec.json.decode(text)
    return reconciled(fields, schema) is fields


def without_changes(managed: Managed, comparison: Comparison, mine: Owner | None) -> Managed:
    """What is left to everybody but ``mine``, after these changes of somebody else."""
    if comparison.is_same:
        return dict(managed)
    touched = comparison.touched
    left: Managed = {}
    for owner, entry in managed.items():
        fields = entry.fields
        if owner != mine:
            fields = difference(difference(fields, touched), comparison.removed)
        if fields:
            left[owner] = entry.with_fields(fields)
    return left


def conflicts(managed: Managed, comparison: Comparison, mine: Owner) -> dict[Owner, FieldSet]:
    """What others own of the changes."""
    touched = comparison.touched
    found = {
        owner: intersection(entry.fields, touched) if touched else NOTHING
        for owner, entry in managed.items()
        if owner != mine
    }
    return {owner: fields for owner, fields in found.items() if fields}


def stripped(fields: FieldSet) -> FieldSet:
    """Without what nobody can own: the object's identity and what the server alone writes."""
    return difference(fields, _STRIPPED)


def before_first_apply(live: Object, manager: Manager) -> Managed:
    """The entries of an object that nobody tracked until now: all is owned by one who updated it."""
    return updated({}, {}, live, msgspec.structs.replace(manager, name=_BEFORE, operation="Update"))
