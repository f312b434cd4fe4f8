"""Which control group hierarchies this machine has, read from /proc/self/mountinfo (cgroups(7), proc(5))."""

import os
import posixpath
from enum import Enum
from typing import NamedTuple

TOP = "/sys/fs/cgroup"
# Hierarchies a container gets a cgroup in. The others (perf_event, net_cls, net_prio, rdma, misc) hold no limit that
# the engine sets, and each hierarchy costs a start about 50 µs.
USED = frozenset(
    ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb", "name=systemd")
)
# Controllers of version 2 under their version 1 names: io replaces blkio; cpuacct is part of every cgroup's cpu.stat.
UNIFIED_NAMES = {
    "io": "blkio",
    "cpu": "cpu",
    "cpuset": "cpuset",
    "memory": "memory",
    "pids": "pids",
    "hugetlb": "hugetlb",
}


class Mode(Enum):
    """LEGACY: version 1 only. HYBRID: version 1 with version 2 beside it. UNIFIED: version 2 only."""

    LEGACY = "legacy"
    HYBRID = "hybrid"
    UNIFIED = "unified"


class Hierarchy(NamedTuple):
    """One mounted hierarchy. ``controllers`` by version 1 names (``blkio`` for ``io``; ``name=systemd`` is none)."""

    mount: str
    version: int
    controllers: frozenset[str]

    @property
    def target(self) -> str:
        """Where it is mounted below /sys/fs/cgroup; empty when it is mounted right there."""
        if self.mount == TOP:
            return ""
        return self.mount.removeprefix(TOP + "/") if _below(self.mount) else posixpath.basename(self.mount)


class Layout(NamedTuple):
    """The hierarchies that containers get a cgroup in: those of version 1 in the order mounted, then version 2's."""

    mode: Mode
    legacy: tuple[Hierarchy, ...]
    unified: Hierarchy | None

    @property
    def hierarchies(self) -> tuple[Hierarchy, ...]:
        return self.legacy + ((self.unified,) if self.unified else ())

    @property
    def relies_on_unified(self) -> bool:
        """Whether a container that is not in version 2 lacks a limit or a switch. False on the usual hybrid machine,
        where version 2 is there for systemd's own use."""
        if self.unified is None:
            return False
        if not self.legacy or self.unified.controllers - {"hugetlb"}:
            return True
        return not all(any(name in h.controllers for h in self.legacy) for name in ("devices", "freezer"))

    def find(self, controller: str) -> Hierarchy | None:
        """The hierarchy that has a controller (version 1 name); None when this machine lacks it."""
        for hierarchy in self.hierarchies:
            if controller in hierarchy.controllers:
                return hierarchy
        return None


def layout(mountinfo: str = "/proc/self/mountinfo") -> Layout:
    """What is mounted now. Reads files: keep the answer."""
    with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
        legacy, unified = parse_mountinfo(file.read())
    found = None
    if unified is not None:
        found = Hierarchy(unified, 2, _unified_controllers(unified))
    if found is None:
        return Layout(Mode.LEGACY, legacy, None)
    return Layout(Mode.HYBRID if legacy else Mode.UNIFIED, legacy, found)


def parse_mountinfo(text: str) -> tuple[tuple[Hierarchy, ...], str | None]:
    """The used hierarchies of version 1, and where version 2 is mounted.

    Of several mounts of one hierarchy (bind mounts), the first one below /sys/fs/cgroup is taken.
    A mount over another hides it: the later line wins.
    """
    points: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        if not separator:
            continue
        fields, (fstype, _, options) = left.split(" "), [*right.split(" "), "", ""][:3]
        points.pop(mount := _unescape(fields[4]), None)
        points[mount] = (fstype, options)
    legacy: dict[frozenset[str], Hierarchy] = {}
    unified: list[str] = []
    for mount, (fstype, options) in points.items():
        if fstype == "cgroup2":
            unified.append(mount)
        elif fstype == "cgroup" and (names := USED.intersection(options.split(","))):
            known = legacy.get(names)
            if known is None or (_below(mount) and not _below(known.mount)):
                legacy[names] = Hierarchy(mount, 1, names)
    unified.sort(key=lambda mount: not _below(mount))
    return tuple(legacy.values()), unified[0] if unified else None


def _below(mount: str) -> bool:
    return mount == TOP or mount.startswith(TOP + "/")


def _unescape(field: str) -> str:
    """Undo the octal escapes of mountinfo (proc(5): space, tab, newline, backslash)."""
    if "\\" not in field:
        return field
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def _unified_controllers(mount: str) -> frozenset[str]:
    """Controllers that version 2 may use here; every machine with version 2 alone counts processor time as well."""
    try:
        with open(os.path.join(mount, "cgroup.controllers"), encoding="ascii") as file:
            names = file.read().split()
    except OSError:
        return frozenset()
    return frozenset(UNIFIED_NAMES[name] for name in names if name in UNIFIED_NAMES)
