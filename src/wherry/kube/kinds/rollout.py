"""Numbers that may be percentages, and counts of a status (k8s.io/kubernetes pkg/apis/apps/validation)."""

import re
from collections.abc import Mapping
from typing import Any

from wherry.kube.kinds.rules import Found, counts
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, invalid
from wherry.kube.machinery.intstr import IntOrString, is_percent

_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MOST, _LONGEST = 2**63 - 1, 1000


def positive_or_percent(path: Path, value: IntOrString) -> Found:
    if isinstance(value, str):
        return names.complain(path, value, names.percent(value))
    return [invalid(path, value, names.NEGATIVE)] if value < 0 else []


def at_most_all(path: Path, value: IntOrString) -> Found:
    """Not more than 100 %; a plain number may be anything."""
    if isinstance(value, str) and is_percent(value) and amount(value) > 100:
        return [invalid(path, value, "must not be greater than 100%")]
    return []


def amount(value: IntOrString) -> int:
    """The number, of a percentage too; 0 when it is neither. What Go's integers cannot hold is their highest."""
    if not isinstance(value, str):
        return value
    digits = value.removesuffix("%")
    if _NUMBER.fullmatch(digits) is None:
        return 0
    return max(-_MOST, min(int(digits), _MOST)) if len(digits) < _LONGEST else _MOST


def parts(path: Path, status: Mapping[str, Any], whole: str, *fields: str, said: str = "") -> Found:  # Any: JSON
    """Counts that cannot be more than another one."""
    why = f"cannot be greater than {said or f'status.{whole}'}"
    total = status.get(whole, 0)
    return [invalid(path.child(each), status.get(each, 0), why) for each in fields if status.get(each, 0) > total]


def collisions(path: Path, status: Mapping[str, Any], old: Mapping[str, Any]) -> Found:  # Any: JSON
    """Hashes that were taken are counted upwards only."""
    now, before = status.get("collisionCount"), old.get("collisionCount")
    found = counts(path, status, "collisionCount")
    if before is not None and (now is None or now < before):
        found.append(invalid(path.child("collisionCount"), now or 0, "cannot be decremented"))
    return found
