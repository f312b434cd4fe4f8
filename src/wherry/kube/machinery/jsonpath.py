"""The subset of JSONPath that printer columns and field paths are written in (k8s.io/client-go util/jsonpath).

``.spec.replicas``, ``.status.conditions[?(@.type=="Ready")].status``, ``.metadata.labels.app\\.kubernetes\\.io/name``,
``.spec.containers[*].image``, ``.items[0,2]``, ``.a[-1:]``, ``..image``; braces around it may be left out. What is not
there is no error and gives nothing.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from wherry.kube.machinery.model import Object

Getter = Callable[[Object], list[Any]]  # Any: JSON
_Step = Callable[[list[Any]], list[Any]]
_FIELD = re.compile(r"(?:\\.|[^\\.,\[\]$@{} \t\r\n])+", re.DOTALL)
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?", re.ASCII)
_QUOTED_KEY = re.compile(r"'([^']*)'")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+?)", re.DOTALL)
_LONGEST = 4096  # bytes of a path: nobody writes such, and recursion stays small


@lru_cache(maxsize=512)
def compile(text: str) -> Getter:
    """A function that gives the values found, in the document's order. Raises ValueError."""
    path = text.strip()
    if len(path) > _LONGEST:
        raise ValueError("path is too long")
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1]
    if "{" in path or "}" in path:
        raise ValueError(f"unexpected path string, expected a 'name1.name2' or '.name1.name2': {text}")
    steps = tuple(_parse(path if path[:1] in (".", "[", "$", "@", "") else f".{path}"))

    def get(document: Object) -> list[Any]:
        return _run(steps, [document])

    return get


def _run(steps: Iterable[_Step], found: list[Any]) -> list[Any]:
    for step in steps:
        found = step(found)
    return found


def _parse(path: str) -> Iterable[_Step]:
    position = 0
    while position < len(path):
        if path.startswith("[?(", position):
            step, position = _filter(path, position)
            yield step
        elif path.startswith("..", position):
            yield _descend
            position += 2
            if position < len(path) and path[position] not in ".[":
                position -= 1  # a name follows: its dot
        elif path[position] == "[":
            end = path.find("]", position)
            if end < 0:
                raise ValueError("unterminated array")
            yield _bracket(path[position + 1 : end])
            position = end + 1
        elif path[position] == ".":
            step, position = _field(path, position + 1)
            yield step
        elif path[position] in " @$":
            position += 1
        else:
            raise ValueError(f"unrecognized character in action: {path[position]!r}")


def _field(path: str, position: int) -> tuple[_Step, int]:
    found = _FIELD.match(path, position)
    if found is None:
        return (lambda values: values), position  # a dot alone is the object itself
    name = found.group()
    if name == "*":
        return _children, found.end()
    return _member(re.sub(r"\\(.)", r"\1", name)), found.end()


def _member(name: str) -> _Step:
    def step(values: list[Any]) -> list[Any]:
        return [each[name] for each in values if isinstance(each, dict) and name in each]

    return step


def _children(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for each in values:
        if isinstance(each, dict):
            found += each.values()
        elif isinstance(each, list):
            found += each
    return found


def _descend(values: list[Any]) -> list[Any]:
    """Each value and everything below it."""
    found: list[Any] = []
    pending = list(reversed(values))
    while pending:
        each = pending.pop()
        found.append(each)
        if isinstance(each, dict):
            pending += reversed([below for below in each.values() if isinstance(below, dict | list)])
        elif isinstance(each, list):
            pending += reversed([below for below in each if isinstance(below, dict | list)])
    return found


def _bracket(text: str) -> _Step:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 1:
        return _element(text.strip())
    steps = [_element(part) for part in parts]

    def step(values: list[Any]) -> list[Any]:
        return [found for each in values for one in steps for found in one([each])]

    return step


def _element(text: str) -> _Step:
    if text == "*":
        return _children
    if quoted := _QUOTED_KEY.fullmatch(text):
        return _member(re.sub(r"\\(.)", r"\1", quoted.group(1)))
    found = _SLICE.fullmatch(text)
    if found is None or not text:
        raise ValueError(f"invalid array index {text}")
    first, last, stride = found.group(1), (found.group(2) or "")[1:], (found.group(3) or "")[1:]
    if found.group(2) is None:
        return _index(int(first))
    if stride and int(stride) <= 0:
        raise ValueError("step must be > 0")
    chosen = slice(int(first) if first else None, int(last) if last else None, int(stride) if stride else None)

    def step(values: list[Any]) -> list[Any]:
        return [element for each in values if isinstance(each, list) for element in each[chosen]]

    return step


def _index(position: int) -> _Step:
    def step(values: list[Any]) -> list[Any]:
        lists = [each for each in values if isinstance(each, list)]
        return [each[position] for each in lists if -len(each) <= position < len(each)]

    return step


def _filter(path: str, position: int) -> tuple[_Step, int]:
    end = _end_of_filter(path, position + 3)
    text = path[position + 3 : end]
    if path[end + 1 : end + 2] != "]":
        raise ValueError("unclosed array expect ]")
    comparison = _COMPARISON.fullmatch(text)
    if comparison is None:
        wanted = tuple(_parse(text.strip()))
        return _chosen(lambda element: bool(_run(wanted, [element]))), end + 2
    left, operator, right = _operand(comparison.group(1)), comparison.group(2), _operand(comparison.group(3))
    compare = _COMPARE.get(operator)
    if compare is None:
        raise ValueError(f"unrecognized filter operator {operator}")

    def holds(element: Any) -> bool:
        one, other = left(element), right(element)
        return len(one) == 1 and len(other) == 1 and compare(one[0], other[0])

    return _chosen(holds), end + 2


def _end_of_filter(path: str, position: int) -> int:
    """Where the closing parenthesis is; one between quotes is text."""
    quote = ""
    while position < len(path):
        character = path[position]
        if quote:
            if character == quote and path[position - 1] != "\\":
                quote = ""
        elif character in "\"'":
            quote = character
        elif character == ")":
            return position
        position += 1
    raise ValueError("unterminated filter")


def _chosen(holds: Callable[[Any], bool]) -> _Step:
    def step(values: list[Any]) -> list[Any]:
        return [element for each in values if isinstance(each, list) for element in each if holds(element)]

    return step


def _operand(text: str) -> Callable[[Any], list[Any]]:
    """A literal, or a path from the element."""
    stripped = text.strip()
    if stripped[:1] in ("'", '"'):
        if len(stripped) < 2 or stripped[-1] != stripped[0]:
            raise ValueError("unterminated quoted string")
        literal: Any = re.sub(r"\\(.)", r"\1", stripped[1:-1])
    elif stripped in ("true", "false"):
        literal = stripped == "true"
    elif re.fullmatch(r"[+-]?\d+(\.\d*)?", stripped, re.ASCII):
        literal = float(stripped) if "." in stripped else int(stripped)
    else:
        steps = tuple(_parse(stripped))
        return lambda element: _run(steps, [element])
    return lambda element: [literal]


def _comparable(left: object, right: object) -> bool:
    """Of one kind: texts with texts, numbers with numbers, and no truth value among these."""
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    return isinstance(left, str) == isinstance(right, str)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        fits = isinstance(left, str | int | float) and isinstance(right, str | int | float)
        return fits and _comparable(left, right) and test(left, right)

    return compare


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: _comparable(left, right) and bool(left == right),
    "!=": lambda left, right: not (_comparable(left, right) and left == right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
}
