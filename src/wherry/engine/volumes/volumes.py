"""Create, find and remove volumes."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from wherry.engine.database import Database
from wherry.engine.events import EventSink
from wherry.engine.instance import Instance
from wherry.kit.errors import Conflict, Invalid, NotFound, Unsupported

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")  # moby, daemon/names
ANONYMOUS = "com.docker.volume.anonymous"
_SCHEMA = ("CREATE TABLE volumes (name TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID",)


class _Row(msgspec.Struct):
    name: str
    labels: dict[str, str]
    options: dict[str, str]
    created: int


@dataclass(frozen=True, slots=True)
class Volume:
    """``path`` is the directory that containers see. Usage figures are -1 when nobody asked for them."""

    name: str
    path: Path
    labels: Mapping[str, str]
    options: Mapping[str, str]
    created_nanoseconds: int
    size_bytes: int = -1
    users: int = -1

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


@dataclass(frozen=True, slots=True)
class Pruned:
    ids: Sequence[str] = field(default_factory=list)
    bytes: int = 0


class Volumes:
    """``users(name)`` are the ids of the containers that mount a volume; set by whoever knows containers."""

    def __init__(self, instance: Instance, database: Database, events: EventSink) -> None:
        self._root = instance.volumes
        self._database = database
        self._events = events
        self.users: Callable[[str], Sequence[str]] = lambda name: ()
        database.migrate("volumes", _SCHEMA)
        self._rows = {
            row.name: row
            for (document,) in database.execute("SELECT document FROM volumes")
            for row in [msgspec.json.decode(document, type=_Row)]
        }

    def recover(self) -> None:
        """Remove directories that no row owns."""
        for directory in self._root.glob("*"):
            if directory.name not in self._rows:
                shutil.rmtree(directory, ignore_errors=True)

    def create(self, name: str, driver: str, labels: dict[str, str], opts: dict[str, str]) -> Volume:
        """The volume of that name, made when there is none; "" for a random name."""
        if driver not in ("", "local"):
            raise NotFound(f'error looking up volume plugin {driver}: plugin "{driver}" not found')
        if opts:
            raise Unsupported(f"volume options ({', '.join(sorted(opts))}) are not available in this version of Wherry")
        name = name or secrets.token_hex(32)
        if not _NAME.fullmatch(name):
            raise Invalid(
                f'create {name}: "{name}" includes invalid characters for a local volume name, '
                'only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, '
                "use absolute path"
            )
        if name not in self._rows:
            self._make(_Row(name, dict(labels), dict(opts), time.time_ns()))
        return self._volume(self._rows[name])

    def _make(self, row: _Row) -> None:
        data = self._root / row.name / "_data"
        data.mkdir(parents=True, exist_ok=True)
        os.chmod(data, 0o755)
        self._database.execute("INSERT INTO volumes VALUES (?, ?)", row.name, msgspec.json.encode(row))
        self._rows[row.name] = row
        self._events.publish("volume", "create", row.name, {"driver": "local"})

    def get(self, name: str) -> Volume:
        row = self._rows.get(name)
        if row is None:
            raise NotFound(f"get {name}: no such volume")
        return self._volume(row)

    def list(self, filters: Mapping[str, Sequence[str]] | None = None, usage: bool = False) -> "list[Volume]":
        return [self._volume(row, usage) for row in self._rows.values() if self._matches(row, filters or {})]

    def _matches(self, row: _Row, filters: Mapping[str, Sequence[str]]) -> bool:
        for key, values in filters.items():
            match key:
                case "name":
                    ok = any(value in row.name for value in values)
                case "driver":
                    ok = "local" in values
                case "label":
                    ok = all(has_label(row.labels, value) for value in values)
                case "label!":
                    ok = not any(has_label(row.labels, value) for value in values)
                case "dangling":
                    wanted = values[0] in ("true", "1") if values else True
                    ok = (not self.users(row.name)) == wanted
                case "all":
                    ok = True
                case _:
                    raise Invalid(f"invalid filter '{key}'")
            if not ok:
                return False
        return True

    def remove(self, name: str, force: bool = False) -> None:
        """Remove a volume that no container mounts; with ``force`` one that does not exist is no error."""
        if name not in self._rows:
            if force:
                return
            raise NotFound(f"get {name}: no such volume")
        users = self.users(name)
        if users:
            raise Conflict(f"remove {name}: volume is in use - [{', '.join(users)}]")
        self._delete(name)

    def _delete(self, name: str) -> None:
        self._database.execute("DELETE FROM volumes WHERE name = ?", name)
        del self._rows[name]
        shutil.rmtree(self._root / name, ignore_errors=True)
        self._events.publish("volume", "destroy", name, {"driver": "local"})

    def prune(self, filters: Mapping[str, Sequence[str]]) -> Pruned:
        """Remove volumes nobody mounts: anonymous ones, or with the filter all=true any."""
        everything = filters.get("all", ["false"])[0] in ("true", "1")
        gone, size = [], 0
        for volume in self.list(filters, usage=True):
            if (everything or ANONYMOUS in volume.labels) and not self.users(volume.name):
                self._delete(volume.name)
                gone.append(volume.name)
                size += volume.size_bytes
        return Pruned(gone, size)

    def _volume(self, row: _Row, usage: bool = False) -> Volume:
        path = self._root / row.name / "_data"
        if not usage:
            return Volume(row.name, path, row.labels, row.options, row.created)
        size = sum(one.lstat().st_blocks * 512 for one in path.rglob("*"))
        return Volume(row.name, path, row.labels, row.options, row.created, size, len(self.users(row.name)))


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Docker's label filter: ``key`` or ``key=value``."""
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)
