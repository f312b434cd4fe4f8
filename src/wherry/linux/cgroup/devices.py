"""Device rules: the devices controller of version 1, a BPF program in version 2.

(Documentation/admin-guide/cgroup-v1/devices.rst; cgroup-v2.rst, "Device controller".)
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wherry.linux.cgroup.files import read, write_lines

Rule = Mapping[str, Any]  # an entry of the OCI document's linux.resources.devices
ALL = "a *:* rwm"


def limit_v1(directory: str, rules: Sequence[Rule]) -> None:
    """Make the rules hold, changing only what differs: a running container never sees its /dev/null refused."""
    for name, lines in transition(read(directory, "devices.list").splitlines(), rules):
        write_lines(directory, name, lines)


def limit_v2(directory: str, rules: Sequence[Rule]) -> None:
    """Attach the rules as a program, in place of the one attached before."""
    from wherry.linux import bpf_devices  # only machines without the version 1 controller pay for it

    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        bpf_devices.attach(fd, bpf_devices.compile_rules([dict(rule) for rule in rules]))
    finally:
        os.close(fd)


def transition(current: Iterable[str], rules: Iterable[Rule]) -> list[tuple[str, list[str]]]:
    """What to write to which file to get from the lines of devices.list to the rules.

    The kernel keeps a default (allow or deny all) and exceptions. devices.list shows them when the default is to deny,
    and only ``a *:* rwm`` when it is to allow, so then exceptions are written anew.
    """
    allow, exceptions = _resolve(rules)
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


Key = tuple[str, str, str]  # type (b, c), major, minor; numbers as text, * for all


def _resolve(rules: Iterable[Rule]) -> tuple[bool, dict[Key, frozenset[str]]]:
    """The default and its exceptions that rules applied one after the other lead to.

    A rule for all devices sets the default and forgets the exceptions; a rule that agrees with the default takes its
    access from the exception for the very same device, one that does not adds to it (security/device_cgroup.c).
    """
    allow, exceptions = True, dict[Key, frozenset[str]]()
    for rule in rules:
        kinds, major, minor = _kinds(rule), _number(rule.get("major")), _number(rule.get("minor"))
        if len(kinds) == 2 and major == minor == "*":
            allow, exceptions = bool(rule["allow"]), {}
            continue
        access = frozenset(rule.get("access") or "rwm")
        for kind in kinds:
            key = (kind, major, minor)
            before = exceptions.pop(key, frozenset[str]())
            after = before - access if bool(rule["allow"]) == allow else before | access
            if after:
                exceptions[key] = after
    return allow, exceptions


def _kinds(rule: Rule) -> str:
    """``u`` is an unbuffered character device (mknod(1)), which Linux does not tell from ``c``."""
    kind = rule.get("type") or "a"
    return {"a": "bc", "u": "c"}.get(kind, kind)


def _number(value: int | None) -> str:
    return "*" if value is None or value < 0 else str(value)


def _lines(exceptions: Mapping[Key, frozenset[str]]) -> list[str]:
    return [
        f"{kind} {major}:{minor} {''.join(a for a in 'rwm' if a in access)}"
        for (kind, major, minor), access in exceptions.items()
    ]


def _parse(line: str) -> tuple[Key, frozenset[str]]:
    kind, device, access = line.split()
    major, _, minor = device.partition(":")
    return (kind, major, minor), frozenset(access)
