"""Which handler answers a path: a tree of segments, looked up in time that does not grow with the number of routes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Node(Generic[T]):
    literal: "dict[str, _Node[T]]" = field(default_factory=dict)
    variable: "tuple[str, _Node[T]] | None" = None
    rest: "list[tuple[str, tuple[str, ...], dict[str, T]]]" = field(default_factory=list)
    targets: dict[str, T] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """The route of a path. ``target`` None: the path exists, for the methods in ``allowed`` only."""

    target: T | None
    variables: Mapping[str, str]
    allowed: frozenset[str] = frozenset()


class Router(Generic[T]):
    """Routes by method and template.

    A template is a path whose segments are literal, ``{name}`` (one segment, not empty) or ``{name...}`` (one or more
    segments; only literals may follow). Literals win over ``{name}``, which wins over ``{name...}``; among those the
    longer tail wins.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._exact: dict[tuple[str, str], T] = {}

    def add(self, method: str, template: str, target: T) -> None:
        """Add a route; raises ValueError when it exists."""
        node = self._root
        segments = template.strip("/").split("/")
        for position, segment in enumerate(segments):
            if segment.endswith("...}"):
                self._add_rest(node, segment[1:-4], tuple(segments[position + 1 :]), method, target)
                return
            if segment.startswith("{"):
                if node.variable is None:
                    node.variable = (segment[1:-1], _Node())
                node = node.variable[1]
            else:
                node = node.literal.setdefault(segment, _Node())
        if method in node.targets:
            raise ValueError(f"route exists: {method} {template}")
        node.targets[method] = target
        if "{" not in template:
            self._exact[method, template] = target

    @staticmethod
    def _add_rest(node: _Node[T], name: str, tail: tuple[str, ...], method: str, target: T) -> None:
        for known, known_tail, targets in node.rest:
            if (known, known_tail) == (name, tail):
                if method in targets:
                    raise ValueError(f"route exists: {method} …/{{{name}...}}/{'/'.join(tail)}")
                targets[method] = target
                return
        node.rest.append((name, tail, {method: target}))
        node.rest.sort(key=lambda entry: -len(entry[1]))

    def find(self, method: str, path: str) -> Match[T] | None:
        """The route of ``path`` (percent-decoded, beginning with ``/``), None when there is no such path."""
        exact = self._exact.get((method, path))
        if exact is not None:
            return Match(exact, {})
        allowed: set[str] = set()
        found = self._walk(self._root, path[1:].split("/"), 0, method, {}, allowed)
        if found is None and allowed:
            return Match(None, {}, frozenset(allowed))
        return found

    def _walk(
        self, node: _Node[T], segments: list[str], at: int, method: str, variables: dict[str, str], allowed: set[str]
    ) -> Match[T] | None:
        if at == len(segments):
            return _choose(node.targets, method, variables, allowed)
        segment = segments[at]
        child = node.literal.get(segment)
        if child is not None and (found := self._walk(child, segments, at + 1, method, variables, allowed)):
            return found
        if node.variable is not None and segment:
            name, child = node.variable
            if found := self._walk(child, segments, at + 1, method, {**variables, name: segment}, allowed):
                return found
        for name, tail, targets in node.rest:
            end = len(segments) - len(tail)
            if end <= at or "" in segments[at:end] or tuple(segments[end:]) != tail:
                continue
            value = "/".join(segments[at:end])
            if found := _choose(targets, method, {**variables, name: value}, allowed):
                return found
        return None


def _choose(targets: dict[str, T], method: str, variables: Mapping[str, str], allowed: set[str]) -> Match[T] | None:
    if method in targets:
        return Match(targets[method], variables)
    allowed.update(targets)
    return None
