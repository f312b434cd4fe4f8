"""Device rules: the devices controller of version 1, a BPF program in version 2.

(Documentation/admin-guide/cgroup-v1/devices.rst; cgroup-v2.rst, "Device controller".)
"""

import os
from collections.abc import Iterable, Mapping, Sequence

from wherry.linux import bpf_devices
from wherry.linux.cgroup.files import read, write_lines
from wherry.linux.devicerules import Key, Rule, resolve

ALL = "a *:* rwm"


def limit_v1(directory: str, rules: Sequence[Rule]) -> None:
    """Make the rules hold, changing only what differs: a running container never sees its /dev/null refused."""
    for name, lines in transition(read(directory, "devices.list").splitlines(), rules):
        write_lines(directory, name, lines)


def limit_v2(directory: str, rules: Sequence[Rule]) -> None:
    """Attach the rules as a program, in place of the one attached before."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        bpf_devices.attach(fd, bpf_devices.compile_rules(rules))
    finally:
        os.close(fd)


def transition(current: Iterable[str], rules: Iterable[Rule]) -> list[tuple[str, list[str]]]:
    """What to write to which file to get from the lines of devices.list to the rules.

    The kernel keeps a default (allow or deny all) and exceptions. devices.list shows them when the default is to deny,
    and only ``a *:* rwm`` when it is to allow, so then exceptions are written anew.
    """
    allow, exceptions = resolve(rules)
    before = list(current)
    allowed_all = ALL in before
    if allow:
        steps = [] if allowed_all and not exceptions else [("devices.allow", ["a"])]
        return steps + ([("devices.deny", _lines(exceptions))] if exceptions else [])
    if allowed_all:
        return [("devices.deny", ["a"])] + ([("devices.allow", _lines(exceptions))] if exceptions else [])
    known = dict(_parse(line) for line in before)
    more = {key: left for key, access in exceptions.items() if (left := access - known.get(key, frozenset()))}
    less = {key: left for key, access in known.items() if (left := access - exceptions.get(key, frozenset()))}
    steps = [("devices.allow", _lines(more)), ("devices.deny", _lines(less))]
    return [(name, lines) for name, lines in steps if lines]


def _lines(exceptions: Mapping[Key, frozenset[str]]) -> list[str]:
    return [
        f"{kind} {major}:{minor} {''.join(a for a in 'rwm' if a in access)}"
        for (kind, major, minor), access in exceptions.items()
    ]


def _parse(line: str) -> tuple[Key, frozenset[str]]:
    kind, device, access = line.split()
    major, _, minor = device.partition(":")
    return (kind, major, minor), frozenset(access)
