"""Applying a Go template to JSON-like data, with docker's extra functions (docker/cli templates/templates.go)."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from wherry.app.cli.template_syntax import (
    Block,
    Call,
    Field,
    Literal,
    Node,
    Pipeline,
    Show,
    TemplateError,
    Term,
    Text,
    parse,
)

Value = Any  # JSON, or a callable where docker has a method (.Label "x")
Function = Callable[..., Value]


def render(source: str, data: Value) -> str:
    """The template's output for ``data``; raises TemplateError."""
    return apply(parse(source), data)


def apply(nodes: Sequence[Node], data: Value) -> str:
    return "".join(_Run(data).output(nodes, data))


class _Run:
    def __init__(self, data: Value) -> None:
        self._variables: dict[str, Value] = {"$": data}

    def output(self, nodes: Sequence[Node], dot: Value) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, Text):
                yield node.text
            elif isinstance(node, Show):
                value = self._pipeline(node.value, dot)
                if not node.value.names:
                    yield shown(value)
            else:
                yield from self._block(node, dot)

    def _block(self, block: Block, dot: Value) -> Iterator[str]:
        value = self._pipeline(block.value, dot)
        if block.kind == "range":
            items = list(_items(value))
            for key, item in items:
                self._assign_item(block.value.names, key, item)
                yield from self.output(block.body, item)
            if not items:
                yield from self.output(block.otherwise, dot)
        elif truth(value):
            yield from self.output(block.body, value if block.kind == "with" else dot)
        else:
            yield from self.output(block.otherwise, dot)

    def _assign_item(self, names: tuple[str, ...], key: Value, item: Value) -> None:
        if len(names) == 1:
            self._variables[names[0]] = item
        elif names:
            self._variables[names[0]], self._variables[names[1]] = key, item

    def _pipeline(self, pipeline: Pipeline, dot: Value) -> Value:
        piped: list[Value] = []
        for command in pipeline.commands:
            piped = [self._term(command, dot, piped)]
        if len(pipeline.names) == 1:
            self._variables[pipeline.names[0]] = piped[0]
        return piped[0]

    def _term(self, term: Term, dot: Value, piped: Sequence[Value] = ()) -> Value:
        if isinstance(term, Literal):
            return term.value
        if isinstance(term, Field):
            return self._field(term, dot)
        if isinstance(term, Pipeline):
            return self._pipeline(term, dot)
        arguments = [self._term(argument, dot) for argument in term.arguments] + list(piped)
        return self._call(term, dot, arguments)

    def _call(self, call: Call, dot: Value, arguments: list[Value]) -> Value:
        if isinstance(call.function, str):
            function = FUNCTIONS.get(call.function)
            if function is None:
                known = ", ".join(sorted(FUNCTIONS))
                raise TemplateError(f'template: function "{call.function}" not defined (known: {known})')
            try:
                return function(*arguments)
            except TemplateError:
                raise
            except (TypeError, ValueError, LookupError, AttributeError) as error:
                raise TemplateError(f"template: error calling {call.function}: {error}") from error
        value = self._term(call.function, dot)
        if callable(value):
            return value(*arguments)
        if arguments:
            raise TemplateError(f"template: can't give argument to non-function {shown(value)}")
        return value

    def _field(self, field: Field, dot: Value) -> Value:
        if field.variable is not None and field.variable not in self._variables:
            raise TemplateError(f'template: undefined variable "{field.variable}"')
        value = dot if field.variable is None else self._variables[field.variable]
        for name in field.path:
            value = _member(value, name)
        return value


def _member(value: Value, name: str) -> Value:
    if value is None:
        raise TemplateError(f"template: nil data; no entry for key {name!r}")
    if not isinstance(value, Mapping):
        raise TemplateError(f"template: can't evaluate field {name} in {_kind(value)}")
    if name in value:
        return value[name]
    # Go's structures say ID where their JSON says Id.
    for key in value:
        if key.lower() == name.lower():
            return value[key]
    raise TemplateError(f'template: map has no entry for key "{name}"')


def _items(value: Value) -> Iterator[tuple[Value, Value]]:
    if value is None:
        return
    if isinstance(value, Mapping):
        yield from sorted(value.items())  # Go visits a map's keys in order
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    else:
        raise TemplateError(f"template: range can't iterate over {shown(value)}")


def truth(value: Value) -> bool:
    """Go's: zero, empty, nil and false are false."""
    return bool(value)


def shown(value: Value) -> str:
    """As fmt.Print would write it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{key}:{shown(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, list | tuple):
        return f"[{' '.join(shown(item) for item in value)}]"
    return str(value() if callable(value) else value)


def _kind(value: Value) -> str:
    return "a list" if isinstance(value, list | tuple) else f"{type(value).__name__} {value!r}"


def to_json(value: Value) -> str:
    if isinstance(value, Mapping):
        value = {key: item for key, item in value.items() if not callable(item)}
    # Go's encoding/json escapes these three (HTML) in strings.
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list | tuple | str):
            if not isinstance(key, int) or not 0 <= key < len(value):
                raise TemplateError(f"template: error calling index: index out of range: {key}")
            value = value[key]
        else:
            raise TemplateError(f"template: error calling index: can't index {_kind(value)}")
    return value


def _equal(first: Value, *others: Value) -> bool:
    return any(first == other for other in others)


def _and(*values: Value) -> Value:
    return next((value for value in values if not truth(value)), values[-1])


def _or(*values: Value) -> Value:
    return next((value for value in values if truth(value)), values[-1])


def _slice(value: Value, *bounds: int) -> Value:
    return value[slice(*bounds)] if len(bounds) > 1 else value[bounds[0] :]


def _truncate(text: str, length: int) -> str:
    return text[:length]


def _printf(pattern: str, *values: Value) -> str:
    converted = tuple(value if isinstance(value, int | float) else shown(value) for value in values)
    pattern = pattern.replace("%v", "%s").replace("%q", '"%s"').replace("%t", "%s")
    return pattern % tuple(shown(value) if isinstance(value, bool) else value for value in converted)


FUNCTIONS: dict[str, Function] = {
    "json": to_json,
    "index": _index,
    "len": len,
    "slice": _slice,
    "eq": _equal,
    "ne": lambda first, second: first != second,
    "lt": lambda first, second: first < second,
    "le": lambda first, second: first <= second,
    "gt": lambda first, second: first > second,
    "ge": lambda first, second: first >= second,
    "and": _and,
    "or": _or,
    "not": lambda value: not truth(value),
    "print": lambda *values: "".join(shown(value) for value in values),
    "println": lambda *values: " ".join(shown(value) for value in values) + "\n",
    "printf": _printf,
    "lower": str.lower,
    "upper": str.upper,
    "title": lambda text: text[:1].upper() + text[1:],
    "split": lambda text, separator: text.split(separator),
    "join": lambda values, separator: separator.join(values),
    "pad": lambda text, before, after: f"{' ' * before}{text}{' ' * after}",
    "truncate": _truncate,
}
