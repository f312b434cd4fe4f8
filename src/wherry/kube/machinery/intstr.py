"""Values that are a number or a percentage (k8s.io/apimachinery pkg/util/intstr)."""

import re

IntOrString = int | str
_PERCENT = re.compile(r"-?[0-9]+%", re.ASCII)


def is_percent(value: object) -> bool:
    """``25%``."""
    return isinstance(value, str) and _PERCENT.fullmatch(value) is not None


def percentage(value: str) -> int:
    """The number before the sign. Raises ValueError."""
    if not value.endswith("%"):
        raise ValueError("invalid type: string is not a percentage")
    if not is_percent(value):
        raise ValueError(f'invalid value "{value}": strconv.Atoi: parsing "{value[:-1]}": invalid syntax')
    return int(value[:-1])


def scaled(value: IntOrString, total: int, round_up: bool) -> int:
    """A number as it is, a percentage of ``total``. Raises ValueError when a text is no percentage."""
    if not isinstance(value, str):
        return value
    share = percentage(value) * total
    return -(-share // 100) if round_up else share // 100
