"""Server-side apply: an object is made of what its managers want of it.

apimachinery, pkg/util/managedfields/internal/{structuredmerge,skipnonapplied,lastappliedmanager}.go;
structured-merge-diff, merge/update.go.
"""

from wherry.kube.machinery.apply import lastapplied
from wherry.kube.machinery.apply.comparison import Comparison, compare
from wherry.kube.machinery.apply.conflicts import refusal
from wherry.kube.machinery.apply.entries import Entry, Managed, all_fields, decoded, encoded
from wherry.kube.machinery.apply.fieldsets import NOTHING, FieldSet, contains, difference
from wherry.kube.machinery.apply.managed import (
    Manager,
    bare,
    before_first_apply,
    conflicts,
    managed_fields,
    reconciled_all,
    stripped,
    without_changes,
    writable_changes,
)
from wherry.kube.machinery.apply.merging import merged
from wherry.kube.machinery.apply.owning import complaints
from wherry.kube.machinery.apply.removal import pruned
from wherry.kube.machinery.apply.shapes import of_object
from wherry.kube.machinery.apply.typed import typed
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.values import bounded, same
from wherry.kube.machinery.schema.model import Schema
from wherry.kube.machinery.status import bad_request


@bounded
def server_side_apply(
    live: Object | None, applied: Object, manager: Manager, force: bool, fields: FieldSet | None = None
) -> Object:
    """The object after the apply; ``live`` None makes one. ``fields``: those of ``applied``, where they are known.

    What ``applied`` has is merged into the live object and owned by the manager from now on. What the manager applied
    before and applies no more is removed, unless somebody else owns it. An apply that changes nothing gives an object
    equal to the live one, managedFields and their times included. Defaults and validation are the caller's, and so are
    name, namespace, kind and version of ``applied``.

    Shares with ``live`` what did not change, nothing with ``applied``; neither is changed. Raises StatusError: 409 for
    fields that others own and that would change (``force`` takes them), 400 for a configuration with managedFields or
    one that does not fit the schema (upstream answers 500 there, with the same text).
    """
    if managed_fields(applied):
        raise bad_request("metadata.managedFields must be nil")
    applied, schema = bare(applied), of_object(manager.schema)
    now = manager.writable(_fields(applied, schema) if fields is None else fields)
    old, owner = bare(live), manager.owner
    managed = reconciled_all(_managed(live, old, manager), schema)
    last = managed.get(owner)
    managed[owner] = Entry(owner, manager.api_version, last.time if last else None, now)
    new = merged(old, applied, schema)
    if last is not None and last.fields != stripped(now) and not contains(now, last.fields):
        new = pruned(new, last.fields, (now, all_fields(managed.values())), schema)
    changes = writable_changes(compare(old, new, schema), manager)
    if not force:
        _check_conflicts(managed, changes, manager, (old, schema))
    left = without_changes(managed, changes, owner)
    _settle(left, last, manager, changed=new is not old and not same(new, old))
    if manager.name == lastapplied.MANAGER:
        new = lastapplied.brought_up_to_date(new, applied)
    return _with_managed(new, left)


def check_configuration(applied: Object, schema: Schema) -> FieldSet:
    """Its fields. Raises StatusError 400 for one that does not fit, an unknown field among it, whatever a client wants
    of field validation: nobody could own it.

    The words are upstream's. Its code has been 500, without a reason, which is held to be a fault of it
    (kubernetes/kubernetes#122480, #139253); #139255 makes this of it.
    """
    return _fields(bare(applied), of_object(schema))


def _fields(applied: Object, schema: Schema) -> FieldSet:
    """Of what fits. Raises StatusError 400."""
    fields = typed(applied, schema)
    if fields is not None:
        return fields
    found = complaints(applied, schema)
    metadata = applied.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    group, _, version = str(applied.get("apiVersion", "")).rpartition("/")
    what = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {group}/{version}, Kind={applied.get('kind')}"
    said = found[0] if len(found) == 1 else "\n".join(["errors:", *(f"  {each}" for each in found)])
    raise bad_request(f"failed to create typed patch object ({what}): {said}")


def _managed(live: Object | None, old: Object, manager: Manager) -> Managed:
    """The entries to begin with."""
    if live is None:
        return {}
    try:
        managed = decoded(managed_fields(live), trusted=True)
    except ValueError:
        managed = {}
    return managed or before_first_apply(old, manager)


def _check_conflicts(managed: Managed, changes: Comparison, manager: Manager, context: tuple[Object, Schema]) -> None:
    found = conflicts(managed, changes, manager.owner)
    if found and manager.name == lastapplied.MANAGER:
        old, schema = context
        allowed = lastapplied.unchanged(old, manager.api_version, schema)
        found = {owner: left for owner, fields in found.items() if (left := difference(fields, allowed))}
    if found:
        raise refusal(found)


def _settle(managed: Managed, last: Entry | None, manager: Manager, *, changed: bool) -> None:
    """The manager's own entry: without what nobody can own, and with the time of its last change."""
    entry = managed.pop(manager.owner, None)
    fields = stripped(entry.fields) if entry else NOTHING
    if not fields:
        return
    if last is not None and last.api_version == manager.api_version and last.fields == fields:
        managed[manager.owner] = last.at(manager.time) if changed else last
    else:
        managed[manager.owner] = Entry(manager.owner, manager.api_version, manager.time, fields)


def _with_managed(obj: Object, managed: Managed) -> Object:
    documents = encoded(managed)
    metadata = obj.get("metadata") or {}
    return {**obj, "metadata": {**metadata, "managedFields": documents} if documents else metadata}
