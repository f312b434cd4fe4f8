"""Which processes an instance has, read from /proc (proc(5)) and the containers' directories; asks nobody.

So it also answers while the daemon hangs, or is gone and containers go on.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from wherry.app import lock
from wherry.engine.instance import Instance

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """``role``: supervisor, node, control, spawner, shim (one a container), sandbox (a shim kept ready, and its
    waiting init).

    ``pss_bytes``: its own memory and its share of what it shares; 0 where we may not look. ``since``: RFC 3339.
    """

    role: str
    pid: int
    pss_bytes: int
    since: str
    container: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """``up``: a daemon holds the instance."""

    root: str
    socket: str
    up: bool
    processes: tuple[Process, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    parent: int
    name: str
    start_ticks: int


def report(instance: Instance) -> Report:
    """The processes of now, the supervisor first."""
    table = _table()
    supervisor = lock.holder(instance)
    roles = dict(_daemon(table, supervisor or 0, instance))
    for container, shim in _shims(instance, table):
        roles[shim] = ("shim", container)
    processes = tuple(_process(pid, role, container, table[pid]) for pid, (role, container) in roles.items())
    return Report(str(instance.root), str(instance.socket), supervisor is not None, processes)


def _table() -> dict[int, _Entry]:
    table: dict[int, _Entry] = {}
    for directory in _PROC.iterdir():
        if not directory.name.isdigit():
            continue
        try:
            head, _, tail = (directory / "stat").read_text(errors="replace").rpartition(")")
        except OSError:  # it has just ended
            continue
        fields = tail.split()
        table[int(directory.name)] = _Entry(int(fields[1]), head.partition("(")[2], int(fields[19]))
    return table


def _daemon(table: Mapping[int, _Entry], supervisor: int, instance: Instance) -> Iterator[tuple[int, tuple[str, str]]]:
    if supervisor in table:
        yield supervisor, ("supervisor", "")
    for control in _started(table, supervisor, instance, b"wherry.app.control"):
        yield control, ("control", "")
    for node in _started(table, supervisor, instance, b"wherry.app.node"):
        yield node, ("node", "")
        for spawner in _children(table, node, "wherry-spawner"):
            yield spawner, ("spawner", "")
            for shim in _children(table, spawner, "wherry-shim"):
                yield shim, ("sandbox", "")
                for waiting in _children(table, shim, "wherry-shim"):
                    yield waiting, ("sandbox", "")


def _started(table: Mapping[int, _Entry], supervisor: int, instance: Instance, module: bytes) -> list[int]:
    """The supervisor's child that runs ``module``; where the supervisor was killed, who was started for this root."""
    wanted = f"--root={instance.root}".encode()
    found = []
    for pid, entry in table.items():
        if supervisor and entry.parent != supervisor:
            continue
        try:
            words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:3] == [b"-m", module] and wanted in words:  # the supervisor's own words have both, further on
            found.append(pid)
    return found


def _children(table: Mapping[int, _Entry], parent: int, name: str) -> list[int]:
    return [pid for pid, entry in table.items() if entry.parent == parent and entry.name == name]


def _shims(instance: Instance, table: Mapping[int, _Entry]) -> Iterator[tuple[str, int]]:
    """(container, its shim): the parent of the process that the container's task.json names."""
    for path in instance.containers.glob("*/task.json"):
        try:
            pid = int(json.loads(path.read_bytes())["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        shim = table[pid].parent if pid in table else 0
        if shim in table and table[shim].name == "wherry-shim":
            yield path.parent.name, shim


def _process(pid: int, role: str, container: str, entry: _Entry) -> Process:
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    started = boot + entry.start_ticks / os.sysconf("SC_CLK_TCK")
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started))
    return Process(role, pid, pss_bytes(pid), since, container)


def pss_bytes(pid: int) -> int:
    """Proportional set size of a process; 0 when it has ended or is not ours to look at."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def to_json(found: Report) -> str:
    document = {**asdict(found), "pss_bytes": sum(process.pss_bytes for process in found.processes)}
    return json.dumps(document, indent=2)
