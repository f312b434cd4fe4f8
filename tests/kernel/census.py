"""What an instance has in the kernel and on disk: counted before and after, so that a leak has a name.

Everything of an instance carries its name or its root directory, so what others do on the machine does not count.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from wherry.engine.instance import Instance


@dataclass(frozen=True)
class Census:
    """Names of what there is, by kind. ``processes`` as ``pid command``; ``files`` below run/, containers/ and tmp/."""

    mounts: frozenset[str] = frozenset()
    cgroups: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    netns: frozenset[str] = frozenset()
    nft_tables: frozenset[str] = frozenset()
    processes: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def since(self, before: "Census") -> list[str]:
        """What is here and was not there, one line each."""
        return [
            f"{kind.name}: {name}"
            for kind in fields(self)
            for name in sorted(getattr(self, kind.name) - getattr(before, kind.name))
        ]

    def __str__(self) -> str:
        return "\n".join(self.since(Census())) or "nothing"


def take(instance: Instance) -> Census:
    """Count what belongs to an instance now."""
    return Census(
        mounts=frozenset(_mounts(instance)),
        cgroups=frozenset(_cgroups(instance)),
        links=frozenset(_links(instance)),
        netns=frozenset(_netns(instance)),
        nft_tables=frozenset(_nft_tables(instance)),
        processes=frozenset(f"{pid} {command}" for pid, command in processes(instance)),
        files=frozenset(_files(instance)),
    )


def processes(instance: Instance) -> Iterator[tuple[int, str]]:
    """Every process with the root in its command line, or in a cgroup of the instance: supervisor, node, spawner, shims
    (which are forks of the spawner and share its command line) and containers. Never this process or one above it."""
    own = set(_ancestors(os.getpid()))
    root = os.fsencode(str(instance.root))
    group = f":{instance.cgroup_parent}/".encode()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in own:
            continue
        arguments, groups = _read(f"/proc/{name}/cmdline"), _read(f"/proc/{name}/cgroup")
        named = any(part == root or part.startswith(root + b"/") for part in re.split(rb"[\0=]", arguments))
        if (named or group in groups) and _state(name) not in ("Z", "X", ""):
            yield int(name), arguments.replace(b"\0", b" ").decode(errors="replace").strip() or "?"


def _mounts(instance: Instance) -> Iterator[str]:
    root = str(instance.root)
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split(" ")[4]
        if point.startswith(root + "/") or f"wherry-{instance.name}" in line:
            yield point


def _cgroups(instance: Instance) -> Iterator[str]:
    """Of every mounted hierarchy: a cgroup that stayed behind in one of them is a leak as well."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        if right.split(" ")[0] in ("cgroup", "cgroup2"):
            top = left.split(" ")[4] + instance.cgroup_parent
            for directory, _, _ in os.walk(top):
                yield directory


def _links(instance: Instance) -> Iterator[str]:
    prefix = instance.veth("")
    for name in os.listdir("/sys/class/net"):
        if name == instance.bridge or name.startswith(prefix):
            yield name


def _netns(instance: Instance) -> Iterator[str]:
    """Named ones (ip-netns(8)). Those that processes hold end with them; those that mounts hold are mounts."""
    directory = Path("/run/netns")
    if directory.is_dir():
        yield from (entry.name for entry in directory.iterdir() if instance.name in entry.name)


def _nft_tables(instance: Instance) -> Iterator[str]:
    if shutil.which("nft") is None:
        return
    listing = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        if line.split(" ")[-1] == instance.nft_table or line.split(" ")[-1].startswith(f"{instance.nft_table}-"):
            yield line


def _files(instance: Instance) -> Iterator[str]:
    """Sockets, containers' directories and half-made things; metadata, content and the engine's log may stay."""
    for directory in (instance.run, instance.containers, instance.tmp):
        for parent, folders, names in os.walk(directory):
            yield from (os.path.join(parent, name) for name in names)
            if Path(parent) in (instance.containers, instance.tmp):
                yield from (os.path.join(parent, name) for name in folders)


def _ancestors(pid: int) -> Iterator[int]:
    while pid:
        yield pid
        status = _read(f"/proc/{pid}/stat").rpartition(b") ")[2].split()
        pid = int(status[1]) if len(status) > 1 else 0


def _state(pid: str) -> str:
    return _read(f"/proc/{pid}/stat").rpartition(b") ")[2][:1].decode()


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:  # a process that has just ended
        return b""
