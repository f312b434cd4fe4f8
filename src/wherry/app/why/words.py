"""How things are said."""

import re
from collections.abc import Sequence
from datetime import datetime

from wherry.kube.machinery.quantity import Quantity, of_milli
from wherry.kube.machinery.times import human_duration, parse

_SHOWN = 3
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|\x1b")
_UNIT = 10**9


def clean(text: str) -> str:
    """One line, without what a terminal would obey."""
    return _CONTROL.sub("", " ".join(text.split()))


def ago(timestamp: object, now: datetime) -> str:
    """``5s ago``; empty: nobody knows."""
    found = age(timestamp, now)
    return f"{found} ago" if found else ""


def age(timestamp: object, now: datetime) -> str:
    """``3m12s``; empty: nobody knows."""
    if not isinstance(timestamp, str) or not timestamp:
        return ""
    try:
        return human_duration(max((now - parse(timestamp)).total_seconds(), 0.0))
    except ValueError:
        return ""


def names(listed: Sequence[str]) -> str:
    """``a, b, c and 4 more``."""
    shown = ", ".join(listed[:_SHOWN])
    return f"{shown} and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else shown


def amount(resource: str, number: int) -> str:
    """Of whole units, thousandths of cpu: ``1500m``, ``2Gi``."""
    if resource == "cpu":
        return str(of_milli(number))
    if resource.startswith(("memory", "ephemeral-storage", "hugepages-")) and number >= 1 << 20:
        for unit, size in (("Gi", 1 << 30), ("Mi", 1 << 20)):
            if number >= size:
                return f"{number / size:.1f}".removesuffix(".0") + unit
    return str(Quantity(number * _UNIT))


def plural(number: int, singular: str, many: str = "") -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number} {singular if number == 1 else many or singular + 's'}"
