"""What has changed, for people: in place of go-cmp's report, that upstream puts into its refusals."""

from collections.abc import Iterable

import msgspec

_SHOWN = 20  # lines


def difference(old: object, new: object) -> str:
    """A line for each field that differs, its old value and its new one; paths as in the API."""
    lines = list(_lines(old, new, ""))
    more = [f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join(lines[:_SHOWN] + more)


def _lines(old: object, new: object, path: str) -> Iterable[str]:
    if old == new or (not old and not new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _lines(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _lines(before, after, f"{path}[{position}]")
    else:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _shown(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else f"{text[:200]}..."
