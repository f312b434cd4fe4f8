"""``docker ps --filter``: pure."""

import re
from collections.abc import Callable, Mapping, Sequence

from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container
from wherry.kit.errors import Invalid, NotFound

Filters = Mapping[str, Sequence[str]]


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """``key`` or ``key=value``."""
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def matcher(
    filters: Filters, find: Callable[[str], Container], descends: Callable[[str, str], bool]
) -> Callable[[Container], bool]:
    """A predicate; ``descends(image, ancestor)`` tells whether an image is or is made from another."""
    before, since = _times(filters.get("before", ()), find), _times(filters.get("since", ()), find)
    codes = [_code(text) for text in filters.get("exited", ())]
    for text in filters.get("status", ()):
        if text not in [str(state) for state in State]:
            raise Invalid(f"invalid filter 'status={text}'")

    def matches(one: Container) -> bool:
        labels = one.config.Labels or {}
        checks: list[bool] = []
        for key, values in filters.items():
            match key:
                case "id":
                    checks.append(any(one.id.startswith(value) for value in values))
                case "name":
                    checks.append(
                        any(re.search(value, f"/{one.name}") or re.search(value, one.name) for value in values)
                    )
                case "label":
                    checks.append(all(has_label(labels, value) for value in values))
                case "label!":
                    checks.append(not any(has_label(labels, value) for value in values))
                case "status":
                    checks.append(any(one.state == value for value in values))
                case "exited":
                    checks.append(one.state is State.EXITED and one.exit_code in codes)
                case "ancestor":
                    checks.append(any(descends(one.image, value) for value in values))
                case "before":
                    checks.append(all(one.created < when for when in before))
                case "since":
                    checks.append(all(one.created > when for when in since))
                case "volume":
                    places = {point.destination for point in one.mounts} | {p.name or p.source for p in one.mounts}
                    checks.append(any(value in places for value in values))
                case "network":
                    mode = "bridge" if one.host.NetworkMode in ("", "default") else one.host.NetworkMode
                    checks.append(mode in values)
                case "publish":
                    checks.append(any(_has_port(one.host.PortBindings or {}, value) for value in values))
                case "expose":
                    checks.append(any(_has_port(one.config.ExposedPorts or {}, value) for value in values))
                case "health":
                    checks.append("none" in values)
                case "is-task":
                    checks.append(not any(value in ("true", "1") for value in values))
        return all(checks)

    return matches


def _times(names: Sequence[str], find: Callable[[str], Container]) -> list[int]:
    try:
        return [find(name).created for name in names]
    except NotFound as error:
        raise Invalid(error.message) from error


def _code(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Invalid(f"invalid filter 'exited={text}': not a number") from error


def _has_port(table: Mapping[str, object], wanted: str) -> bool:
    """``80``, ``80/udp`` or ``80-90/tcp``."""
    numbers, _, protocol = wanted.partition("/")
    first, _, last = numbers.partition("-")
    for key in table:
        port, _, kind = key.partition("/")
        if int(first) <= int(port) <= int(last or first) and (protocol or "tcp") == (kind or "tcp"):
            return True
    return False
