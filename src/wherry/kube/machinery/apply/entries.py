"""The entries of ``metadata.managedFields`` (apimachinery, pkg/util/managedfields/internal/managedfields.go)."""

import functools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import msgspec

from wherry.kube.machinery.apply.elements import MEMBER
from wherry.kube.machinery.apply.fieldsets import FieldSet, absorb, mine, read, sorted_set, without_root
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse

MAX_UPDATERS = 10
"""So many entries of operation Update are kept; the oldest share one (DefaultMaxUpdateManagers)."""
MAX_GIVEN = 1000
"""So many entries are read of what a client sends. No upstream counterpart; an object has about five."""
_ANCIENT = "ancient-changes"
_LONGEST_TIME = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Owner(NamedTuple):
    """What tells entries apart. ``api_version`` is empty for an applier: it has one entry, whatever the version."""

    manager: str
    operation: str
    api_version: str
    subresource: str


class Entry(msgspec.Struct, frozen=True):
    """One entry. ``time`` is RFC 3339, None when there is none."""

    owner: Owner
    api_version: str
    time: str | None
    fields: FieldSet
    document: Object | None = None
    """As the object has it; None when it changed."""

    @property
    def is_applied(self) -> bool:
        return self.owner.operation == "Apply"

    def with_fields(self, fields: FieldSet) -> "Entry":
        """The same entry when these are the same fields."""
        return self if fields is self.fields else msgspec.structs.replace(self, fields=fields, document=None)

    def at(self, time: str) -> "Entry":
        """The same fields, owned by a later change."""
        document = {**self.document, "time": time} if self.document and "time" in self.document and time else None
        return msgspec.structs.replace(self, time=time, document=document)


Managed: TypeAlias = dict[Owner, Entry]
"""All entries of an object. Whoever has one may change it; the entries are not changed."""


def decoded(documents: object, *, trusted: bool = False) -> Managed:
    """Of ``metadata.managedFields``. ``trusted``: :func:`encoded` has made it, so that the sets need no look.

    Raises ValueError, in upstream's words.
    """
    if documents is None:
        return {}
    if not isinstance(documents, list):
        raise ValueError("managed fields must be a list")
    if not trusted and len(documents) > MAX_GIVEN:
        raise ValueError(f"at most {MAX_GIVEN} managed fields entries can be set")
    found: Managed = {}
    for index, document in enumerate(documents):
        entry = _entry(document, index, trusted)
        found[entry.owner] = entry
    return found


def _entry(document: Any, index: int, trusted: bool) -> Entry:
    if not isinstance(document, dict):
        raise ValueError(f"managed fields entry {index} is no object")
    operation, version = document.get("operation"), document.get("apiVersion")
    if operation not in ("Apply", "Update"):
        raise ValueError("operation must be `Apply` or `Update`")
    if not version or not isinstance(version, str):
        raise ValueError("apiVersion must not be empty")
    kind = document.get("fieldsType")
    if kind != "FieldsV1":
        raise ValueError(
            f'invalid fieldsType "{kind}" in managed fields entry {index}'
            if kind
            else f"missing fieldsType in managed fields entry {index}"
        )
    fields = document.get("fieldsV1") or {}
    owner = owner_of(document.get("manager") or "", operation, version, document.get("subresource") or "")
    time = document.get("time")
    if trusted:
        return Entry(owner, version, time, fields, document)
    if any(value is not None and not isinstance(value, str) for value in (owner.manager, owner.subresource, time)):
        raise ValueError(f"managed fields entry {index} has fields that are no texts")
    return Entry(owner, version, time, without_root(read(fields)))


def owner_of(manager: str, operation: str, api_version: str, subresource: str) -> Owner:
    return Owner(manager, operation, "" if operation == "Apply" else api_version, subresource)


def is_reset(documents: object) -> bool:
    """Whether a client wants no managed fields any more: an empty list, or one empty entry."""
    if documents == []:
        return True
    return isinstance(documents, list) and len(documents) == 1 and documents[0] == {}


def encoded(managed: Managed) -> list[Object]:
    """For ``metadata.managedFields``, in upstream's order."""
    ordered = sorted(managed.values(), key=_place) if len(managed) > 1 else managed.values()
    return [each.document or _document(each) for each in ordered]


def _document(entry: Entry) -> Object:
    manager, operation, _, subresource = entry.owner
    document: Object = {"manager": manager} if manager else {}
    document["operation"], document["apiVersion"] = operation, entry.api_version
    if entry.time:
        document["time"] = entry.time
    document["fieldsType"], document["fieldsV1"] = "FieldsV1", sorted_set(entry.fields)
    if subresource:
        document["subresource"] = subresource
    return document


def _place(entry: Entry) -> tuple[Any, ...]:
    owner = entry.owner
    return owner.operation, _seconds(entry.time), owner.manager, entry.api_version, owner.subresource


def _seconds(time: str | None) -> int:
    """Since 1970; 0 when there is no time, or none that can be read."""
    return _parsed_seconds(time) if time and len(time) <= _LONGEST_TIME else 0


@functools.lru_cache(maxsize=1024)
def _parsed_seconds(time: str) -> int:
    try:
        return int((parse(time) - _EPOCH).total_seconds())
    except ValueError:
        return 0


def capped(managed: Managed) -> Managed:
    """With the oldest updaters folded into one a version, so that there are not too many
    (pkg/util/managedfields/internal/capmanagers.go)."""
    updaters = [entry for entry in managed.values() if not entry.is_applied]
    if len(updaters) <= MAX_UPDATERS:
        return managed
    updaters.sort(key=lambda entry: (_seconds(entry.time), entry.owner))
    left, surplus = dict(managed), len(updaters) - MAX_UPDATERS
    first: dict[str, Entry] = {}
    buckets: dict[str, FieldSet] = {}
    for entry in updaters:
        if surplus <= 0:
            break
        version = entry.api_version
        if version not in first:
            first[version] = entry
        elif entry.owner in left and not (version in buckets and entry.owner == _bucket(version)):
            before = len(left)
            _fold(left, (first[version], entry), buckets)
            surplus -= before - len(left)
    return left


def _bucket(api_version: str) -> Owner:
    return owner_of(_ANCIENT, "Update", api_version, "")


def _fold(left: Managed, entries: tuple[Entry, Entry], buckets: dict[str, FieldSet]) -> None:
    """Put the oldest entry of a version, and another, into the version's bucket."""
    first, entry = entries
    version = entry.api_version
    owner = _bucket(version)
    fields = buckets.get(version)
    there = left.pop(owner, None)
    if fields is None:
        left.pop(first.owner, None)
        fields = buckets[version] = mine(first.fields)
        if there is not None:
            absorb(fields, there.fields)
    left.pop(entry.owner, None)
    absorb(fields, entry.fields)
    times = [each.time for each in (entry, there) if each is not None]
    left[owner] = Entry(owner, version, max(times, key=_seconds), fields)


def all_fields(entries: Iterable[Entry]) -> FieldSet:
    """What anybody owns."""
    found: FieldSet = {}
    for entry in entries:
        absorb(found, entry.fields)
    return {element: node for element, node in found.items() if element != MEMBER}
