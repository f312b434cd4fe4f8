"""``docker ps --filter``: pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wherry.engine.containers import ports
from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container
from wherry.engine.volumes.volumes import has_label
from wherry.kit.errors import Invalid, NotFound

Filters = Mapping[str, Sequence[str]]
Predicate = Callable[[Container], bool]
Listed = Callable[[Container], Sequence[Mapping[str, Any]]]
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Matcher:
    """Makes a predicate of filters: all names must match; of one name's values any may (labels: all).

    ``descends(image, ancestor)`` tells whether an image is or is made from another; ``listed`` are a container's ports
    as ``docker ps`` lists them; ``is_on(container, network)`` is given a name or id. Invalid for a value that means
    nothing, before anything is matched.
    """

    def __init__(
        self,
        find: Callable[[str], Container],
        descends: Callable[[str, str], bool],
        listed: Listed,
        is_on: Callable[[Container, str], bool],
    ) -> None:
        self._find = find
        self._descends = descends
        self._listed = listed
        self._is_on = is_on

    def predicate(self, filters: Filters) -> Predicate:
        predicates = [self._one(name, values) for name, values in filters.items() if values]
        return lambda container: all(matches(container) for matches in predicates)

    def _one(self, name: str, values: Sequence[str]) -> Predicate:
        match name:
            case "id":
                return lambda one: any(one.id.startswith(value) for value in values)
            case "name":
                return _named([_pattern(value) for value in values])
            case "label":
                return lambda one: all(has_label(one.config.Labels or {}, value) for value in values)
            case "label!":
                return lambda one: not any(has_label(one.config.Labels or {}, value) for value in values)
            case "status":
                states = [_state(value) for value in values]
                return lambda one: one.state in states
            case "exited":
                codes = [_code(value) for value in values]
                return lambda one: one.state is State.EXITED and one.exit_code in codes
            case "ancestor":
                return lambda one: any(self._descends(one.image, value) for value in values)
            case "before":
                latest = min(self._created(values))
                return lambda one: one.created < latest
            case "since":
                earliest = max(self._created(values))
                return lambda one: one.created > earliest
            case "volume":
                return lambda one: not _places(one).isdisjoint(values)
            case "network":
                return lambda one: any(self._is_on(one, value) for value in values)
            case "publish":
                return self._has_port("PublicPort", {port for value in values for port in _ports(value, name)})
            case "expose":
                return self._has_port("PrivatePort", {port for value in values for port in _ports(value, name)})
            case "health":
                return lambda one: (str(one.health.status) if one.health else "none") in values
            case "is-task":
                wanted_tasks = [_boolean(value, name) for value in values]
                return lambda one: not any(wanted_tasks)
            case "isolation":
                return lambda one: (one.host.Isolation or "default") in values
        raise Invalid(f"invalid filter '{name}'")

    def _has_port(self, side: str, wanted: set[ports.Port]) -> Predicate:
        return lambda one: not wanted.isdisjoint((port.get(side, 0), port["Type"]) for port in self._listed(one))

    def _created(self, names: Sequence[str]) -> list[int]:
        try:
            return [self._find(name).created for name in names]
        except NotFound as error:
            raise Invalid(error.message) from error


def _named(patterns: "Sequence[re.Pattern[str]]") -> Predicate:
    """As Docker does, with and without the slash that names begin with."""
    return lambda one: any(pattern.search(f"/{one.name}") or pattern.search(one.name) for pattern in patterns)


def _pattern(text: str) -> "re.Pattern[str]":
    try:
        return re.compile(text)
    except re.error as error:
        raise Invalid(f"invalid filter 'name={text}': {error}") from error


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError as error:
        raise Invalid(f"invalid filter 'status={text}'") from error


def _code(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Invalid(f"invalid filter 'exited={text}': not a number") from error


def _boolean(text: str, name: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise Invalid(f"invalid filter '{name}=[{text}]'")
    return _BOOLEANS[text.lower()]


def _places(one: Container) -> set[str]:
    return {point.destination for point in one.mounts} | {point.name or point.source for point in one.mounts}


def _ports(text: str, name: str) -> list[ports.Port]:
    """``80``, ``80/udp`` or ``80-90/tcp``."""
    try:
        return ports.parse_exposed(text)
    except Invalid as error:
        raise Invalid(f"invalid filter '{name}={text}': {error.message}") from error
