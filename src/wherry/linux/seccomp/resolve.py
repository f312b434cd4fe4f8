"""From a profile with conditions to the rules that hold here: Docker's format to the plain one of OCI.

Docker's format (moby, profiles/seccomp/seccomp.go) is the ``linux.seccomp`` section of the OCI runtime specification
plus ``archMap`` and, with every rule, ``includes`` and ``excludes`` by capability, machine and kernel. A profile that
uses none of these passes unchanged. Every fault raises ValueError that says where it is.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wherry.linux.seccomp import architectures

_EPERM = 1
_CARRIES_NUMBER = ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE")
_MOST_ARGUMENTS = 6
_LARGEST = 0xFFFFFFFFFFFFFFFF

# libseccomp's names and the kernel's values (include/uapi/linux/seccomp.h).
ACTIONS = {
    "SCMP_ACT_KILL": 0x00000000,
    "SCMP_ACT_KILL_THREAD": 0x00000000,
    "SCMP_ACT_KILL_PROCESS": 0x80000000,
    "SCMP_ACT_TRAP": 0x00030000,
    "SCMP_ACT_ERRNO": 0x00050000,
    "SCMP_ACT_TRACE": 0x7FF00000,
    "SCMP_ACT_LOG": 0x7FFC0000,
    "SCMP_ACT_ALLOW": 0x7FFF0000,
}
OPERATORS = ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ")


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions are about: the bounding set, ``uname -m``, the kernel's release."""

    capabilities: frozenset[str]
    machine: str
    kernel: tuple[int, int]


def facts(capabilities: Collection[str], machine: str, release: str) -> Facts:
    return Facts(frozenset(capabilities), machine, _version(release, "the kernel's release"))


def resolve(profile: Mapping[str, Any], known: Facts) -> dict[str, Any]:
    """The OCI ``linux.seccomp`` section; ``{}`` for a profile that says nothing, which means: no filter."""
    if not profile.get("defaultAction") and not profile.get("syscalls"):
        return {}
    section: dict[str, Any] = {
        "defaultAction": _action(profile.get("defaultAction"), "defaultAction"),
        "architectures": _architectures(profile, known.machine),
        "syscalls": list(_rules(profile.get("syscalls") or (), known)),
    }
    if section["defaultAction"] in _CARRIES_NUMBER:
        section["defaultErrnoRet"] = _errno(profile.get("defaultErrnoRet"), "defaultErrnoRet")
    if profile.get("flags"):
        section["flags"] = _flags(profile["flags"])
    return section


def _architectures(profile: Mapping[str, Any], machine: str) -> list[str]:
    """The machine's own first: a filter without it would kill whatever runs."""
    plain, mapped = profile.get("architectures") or (), profile.get("archMap") or ()
    if plain and mapped:
        raise ValueError("both 'architectures' and 'archMap' are specified in the seccomp profile, use either one")
    native = architectures.native(machine)
    names = list(plain)
    for entry in mapped:
        if entry.get("architecture") == native:
            names = [native, *(entry.get("subArchitectures") or ())]
            break
    for name in names:
        if name not in architectures.KNOWN_NAMES:
            raise ValueError(f"seccomp profile: unknown architecture {name!r}")
    return list(dict.fromkeys([native, *names]))


def _rules(rules: Iterable[Mapping[str, Any]], known: Facts) -> Iterable[dict[str, Any]]:
    for index, rule in enumerate(rules):
        where = f"syscalls[{index}]"
        names = _names(rule, where)
        action = _action(rule.get("action"), f"{where}.action")
        arguments = [
            _argument(argument, f"{where}.args[{number}]") for number, argument in enumerate(rule.get("args") or ())
        ]
        if not _applies(rule, known, where):
            continue
        found: dict[str, Any] = {"names": names, "action": action}
        if action in _CARRIES_NUMBER:
            found["errnoRet"] = _errno(rule.get("errnoRet"), f"{where}.errnoRet")
        if arguments:
            found["args"] = arguments
        yield found


def _names(rule: Mapping[str, Any], where: str) -> list[str]:
    names = list(rule.get("names") or ())
    if rule.get("name"):
        if names:
            raise ValueError(f"seccomp profile: {where}: both 'name' and 'names' are specified, use either one")
        names = [rule["name"]]
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"seccomp profile: {where} must have 'names', a list of system calls")
    return names


def _applies(rule: Mapping[str, Any], known: Facts, where: str) -> bool:
    """All of what is included must hold, nothing of what is excluded may."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    machine = architectures.GO_NAMES[known.machine]
    if includes.get("arches") and machine not in includes["arches"]:
        return False
    if not known.capabilities.issuperset(includes.get("caps") or ()):
        return False
    if includes.get("minKernel") and known.kernel < _version(includes["minKernel"], f"{where}.includes.minKernel"):
        return False
    if machine in (excludes.get("arches") or ()) or not known.capabilities.isdisjoint(excludes.get("caps") or ()):
        return False
    least = excludes.get("minKernel")
    return not (least and known.kernel >= _version(least, f"{where}.excludes.minKernel"))


def _action(action: Any, where: str) -> str:
    if action == "SCMP_ACT_NOTIFY":
        raise ValueError(f"seccomp profile: {where}: SCMP_ACT_NOTIFY needs a listening agent, which is not supported")
    if action not in ACTIONS:
        raise ValueError(f"seccomp profile: {where}: unknown action {action!r}, must be one of {', '.join(ACTIONS)}")
    return str(action)


def _errno(value: Any, where: str) -> int:
    if value is None:
        return _EPERM
    if not isinstance(value, int) or not 0 <= value <= 0xFFFF:
        raise ValueError(f"seccomp profile: {where}: must be a number from 0 to 65535, not {value!r}")
    return value


def _argument(argument: Mapping[str, Any], where: str) -> dict[str, Any]:
    index, op = argument.get("index", 0), argument.get("op")
    if not isinstance(index, int) or not 0 <= index < _MOST_ARGUMENTS:
        raise ValueError(f"seccomp profile: {where}.index: a system call has arguments 0 to 5, not {index!r}")
    if op not in [f"SCMP_CMP_{name}" for name in OPERATORS]:
        raise ValueError(f"seccomp profile: {where}.op: unknown operator {op!r}")
    values = {}
    for key in ("value", "valueTwo"):
        value = argument.get(key) or 0
        if not isinstance(value, int) or not 0 <= value <= _LARGEST:
            raise ValueError(f"seccomp profile: {where}.{key}: must be an unsigned 64-bit number, not {value!r}")
        values[key] = value
    return {"index": index, **values, "op": op}


def _flags(flags: Collection[str]) -> list[str]:
    """Accepted and passed on to other runtimes. Ours needs none: a lone thread installs the filter."""
    known = ("SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW")
    for flag in flags:
        if flag not in known:
            raise ValueError(f"seccomp profile: unknown flag {flag!r}, must be one of {', '.join(known)}")
    return list(flags)


def _version(release: str, what: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", release)
    if found is None:
        raise ValueError(f"seccomp profile: {what}: {release!r} is no kernel version, such as 4.8")
    return int(found[1]), int(found[2])
