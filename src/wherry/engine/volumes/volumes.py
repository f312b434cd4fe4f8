"""Create, find and remove volumes."""

import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from wherry.engine.database import Database
from wherry.engine.events import EventSink
from wherry.engine.instance import Instance
from wherry.engine.trash import Trash
from wherry.kit.errors import Conflict, Invalid, NotFound, Unsupported
from wherry.linux.trees import statuses

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")  # moby, daemon/names
_LONGEST = 255  # bytes of a file name
ANONYMOUS = "com.docker.volume.anonymous"
_SCHEMA = ("CREATE TABLE volumes (name TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID",)
_TRUE = ("true", "1")
_OPTIONS = ("type", "o", "device", "size")
_NEEDED = {"device": ("type",), "type": ("device",), "o": ("device", "type")}
_BIND_WORDS = {"bind", "rbind", "rw"}


class _Row(msgspec.Struct):
    name: str
    labels: dict[str, str]
    options: dict[str, str]
    created: int


class Volume(msgspec.Struct, frozen=True):
    """``path`` is the volume's own directory, ``source`` the one that containers see: that, or the directory of the
    machine that its options name. Usage figures are -1 when nobody asked for them."""

    name: str
    path: Path
    labels: Mapping[str, str]
    options: Mapping[str, str]
    created_nanoseconds: int
    size_bytes: int = -1
    users: int = -1

    @property
    def source(self) -> Path:
        return Path(self.options["device"]) if self.options else self.path

    def document(self) -> dict[str, Any]:
        """Docker's JSON."""
        created = datetime.fromtimestamp(self.created_nanoseconds / 1e9, UTC)
        document: dict[str, Any] = {
            "CreatedAt": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Driver": "local",
            "Labels": dict(self.labels) or None,
            "Mountpoint": str(self.path),
            "Name": self.name,
            "Options": dict(self.options) or None,
            "Scope": "local",
        }
        if self.size_bytes >= 0:
            document["UsageData"] = {"Size": self.size_bytes, "RefCount": self.users}
        return document


class Pruned(msgspec.Struct, frozen=True):
    ids: Sequence[str] = msgspec.field(default_factory=list)
    bytes: int = 0


class Volumes:
    """``users(name)`` are the ids of the containers that mount a volume; set by whoever knows containers."""

    def __init__(
        self, instance: Instance, database: Database, events: EventSink, now: Callable[[], int] = time.time_ns
    ) -> None:
        self._root = instance.volumes
        self._trash = Trash(instance.tmp)
        self._database = database
        self._events = events
        self._now = now
        self.users: Callable[[str], Sequence[str]] = lambda name: ()
        database.migrate("volumes", _SCHEMA)
        self._rows = {
            row.name: row
            for (document,) in database.execute("SELECT document FROM volumes")
            for row in [msgspec.json.decode(document, type=_Row)]
        }

    def recover(self) -> None:
        """Remove directories that no row owns, make those that a row lacks."""
        for directory in self._root.glob("*"):
            if directory.name not in self._rows:
                self._trash.throw(directory)
        for name in self._rows:
            self._make_directory(name)

    # What there is

    def exists(self, name: str) -> bool:
        return name in self._rows

    def get(self, name: str) -> Volume:
        """NotFound in Docker's words."""
        row = self._rows.get(name)
        if row is None:
            raise NotFound(f"get {name}: no such volume")
        return self._volume(row)

    def list(self, filters: Mapping[str, Sequence[str]] | None = None, usage: bool = False) -> "list[Volume]":
        """Those that match Docker's filters, by name; ``usage`` measures them, which takes time."""
        found = [row for _, row in sorted(self._rows.items()) if self._matches(row, filters or {})]
        return [self._volume(row, usage) for row in found]

    def _matches(self, row: _Row, filters: Mapping[str, Sequence[str]]) -> bool:
        return all(self._matches_one(row, key, values) for key, values in filters.items())

    def _matches_one(self, row: _Row, key: str, values: Sequence[str]) -> bool:
        match key:
            case "name":
                return any(value in row.name for value in values)
            case "driver":
                return "local" in values
            case "label":
                return all(has_label(row.labels, value) for value in values)
            case "label!":
                return not any(has_label(row.labels, value) for value in values)
            case "dangling":
                return (not self.users(row.name)) == (not values or values[0] in _TRUE)
            case "all":
                return True
        raise Invalid(f"invalid filter '{key}'")

    def _volume(self, row: _Row, usage: bool = False) -> Volume:
        path = self._root / row.name / "_data"
        if not usage:
            return Volume(row.name, path, row.labels, row.options, row.created)
        return Volume(row.name, path, row.labels, row.options, row.created, _size(path), len(self.users(row.name)))

    # Changes

    def create(self, name: str, driver: str, labels: dict[str, str], opts: dict[str, str]) -> Volume:
        """The volume of that name, made when there is none; "" for a random name."""
        if driver not in ("", "local"):
            raise NotFound(f'error looking up volume plugin {driver}: plugin "{driver}" not found')
        _check_options(name, opts)
        if not name:
            name, labels = secrets.token_hex(32), {ANONYMOUS: "", **labels}
        if name not in self._rows:
            _check_name(name)
            self._make(_Row(name, dict(labels), dict(opts), self._now()))
        return self._volume(self._rows[name])

    def _make(self, row: _Row) -> None:
        self._make_directory(row.name)
        self._database.execute("INSERT INTO volumes VALUES (?, ?)", row.name, msgspec.json.encode(row))
        self._rows[row.name] = row
        self._events.publish("volume", "create", row.name, {"driver": "local"})

    def _make_directory(self, name: str) -> None:
        data = self._root / name / "_data"
        try:
            data.mkdir(parents=True)
        except FileExistsError:
            return
        os.chmod(data, 0o755)

    def remove(self, name: str, force: bool = False) -> None:
        """Remove a volume that no container mounts; with ``force`` one that does not exist is no error."""
        if name not in self._rows:
            if force:
                return
            raise NotFound(f"get {name}: no such volume")
        users = self.users(name)
        if users:
            raise Conflict(f"remove {name}: volume is in use - [{', '.join(users)}]")
        self.delete_rows([name])
        self.forget([name])

    def delete_rows(self, names: Iterable[str]) -> None:
        """The part of a removal that may be in a transaction with others; :meth:`forget` is the rest."""
        for name in names:
            self._database.execute("DELETE FROM volumes WHERE name = ?", name)

    def forget(self, names: Iterable[str]) -> None:
        """Volumes have no row any more: they are gone. Idempotent."""
        for name in names:
            if self._rows.pop(name, None) is not None:
                self._trash.throw(self._root / name)
                self._events.publish("volume", "destroy", name, {"driver": "local"})

    def prune(self, filters: Mapping[str, Sequence[str]]) -> Pruned:
        """Remove volumes nobody mounts: anonymous ones, or with the filter all=true any."""
        everything = any(value in _TRUE for value in filters.get("all", ()))
        gone, size = [], 0
        for volume in self.list(filters):
            if (everything or ANONYMOUS in volume.labels) and not self.users(volume.name):
                size += _size(volume.path)
                self.remove(volume.name)
                gone.append(volume.name)
        self._events.publish("volume", "prune", "", {"reclaimed": str(size)})
        return Pruned(gone, size)


def _check_options(name: str, opts: Mapping[str, str]) -> None:
    """Those of moby's local driver (daemon/volume/local/local_unix.go) that name a directory of this machine.

    Invalid in its words for what none of its options is, Unsupported for its other mounts.
    """
    for option in opts:
        if option not in _OPTIONS:
            raise Invalid(f'create {name}: invalid option: "{option}"')
    for option, needed in _NEEDED.items():
        missing = [each for each in needed if option in opts and each not in opts]
        if missing:
            raise Invalid(f'create {name}: missing required option: "{missing[0]}"')
    words = {word for word in opts.get("o", "").split(",") if word}
    is_bind = opts.get("type", "none") in ("none", "bind", "") and words & {"bind", "rbind"}
    if opts and not (is_bind and words <= _BIND_WORDS and "size" not in opts):
        shown = ", ".join(f"{key}={value}" for key, value in sorted(opts.items()))
        raise Unsupported(
            f"the volume options {shown} are not available in this version of Wherry: type=none with o=bind is"
        )
    if opts and not opts["device"].startswith("/"):
        raise Invalid(f"create {name}: the device of a bind must be an absolute path: {opts['device']}")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise Invalid(
            f'create {name}: "{name}" includes invalid characters for a local volume name, '
            'only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, '
            "use absolute path"
        )


def _size(directory: Path) -> int:
    """What the files in it take of the disk."""
    return sum(status.st_blocks * 512 for status in statuses(directory))


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Docker's label filter: ``key`` or ``key=value``."""
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)
