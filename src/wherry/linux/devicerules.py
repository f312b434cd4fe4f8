"""Device rules of an OCI configuration (``linux.resources.devices``), brought to what the kernel keeps of them."""

from collections.abc import Iterable, Mapping
from typing import Any

Rule = Mapping[str, Any]
# Type (b, c), major, minor; numbers as text, * for all
Key = tuple[str, str, str]
Exceptions = dict[Key, frozenset[str]]


def resolve(rules: Iterable[Rule]) -> tuple[bool, Exceptions]:
    """Whether the rules, applied one after the other, end in allowing by default, and the exceptions to that.

    A rule for all devices sets the default and forgets the exceptions; a rule that agrees with the default takes its
    access from the exception for the very same device, one that does not adds to it (security/device_cgroup.c).
    """
    allow, exceptions = True, Exceptions()
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
