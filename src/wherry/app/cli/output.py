"""Lists as docker shows them: aligned tables, ``--format`` templates, one JSON object a line, ``--quiet``."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from wherry.app.cli.printing import escaped, say

# A row: what a template sees; values are texts, or callables where docker has a method.
Row = Mapping[str, Any]
# text/tabwriter as docker sets it up: cells at least 10 wide, 3 spaces between (cli/command/formatter/formatter.go).
_MINIMUM, _PADDING = 10, 3


def show(rows: Sequence[Row], columns: Mapping[str, str], template: str | None, default: Sequence[str]) -> None:
    """Print rows. ``columns`` maps a field to its heading; ``default`` names the fields of the usual table."""
    if template == "json":
        from wherry.app.cli.template import to_json

        say("".join(f"{to_json(row)}\n" for row in rows), nl=False)
    elif not template or template == "table":
        lines = [[str(row[name]) for name in default] for row in rows]
        say(table([[columns[name] for name in default], *lines]), nl=False)
    else:
        say(_formatted(rows, columns, template), nl=False)


def table(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells, aligned; the last cell of a line is not padded. A newline in a cell begins no line."""
    lines = [[escaped(cell).replace("\n", "\\n") for cell in line] for line in lines]
    if not lines:
        return ""
    count = max(len(line) for line in lines)
    widths = [
        max(_MINIMUM, *(len(line[index]) + _PADDING for line in lines if index < len(line)))
        for index in range(count - 1)
    ]
    result = ""
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)]
        result += f"{''.join(cells)}{line[-1]}\n"
    return result


def _formatted(rows: Sequence[Row], columns: Mapping[str, str], template: str) -> str:
    from wherry.app.cli import template as templates  # only where a format is given
    from wherry.app.cli.template_syntax import TemplateError, parse

    with_heading = template.startswith("table")
    template = template.removeprefix("table").lstrip() if with_heading else template
    try:
        nodes = parse(template.replace("\\t", "\t").replace("\\n", "\n"))
        lines = [templates.apply(nodes, row) for row in rows]
        if not with_heading:
            return "".join(f"{line}\n" for line in lines)
        # ``{{.Label "x"}}`` has no heading of its own: its argument is.
        heading = {**columns, "Label": lambda name: name}
        lines.insert(0, templates.apply(nodes, heading))
    except TemplateError as error:
        raise click.UsageError(f"template parsing error: {error}") from error
    return table([line.split("\t") for line in lines])


def filters(given: Sequence[str]) -> dict[str, dict[str, bool]] | None:
    """``--filter key=value …`` as the API takes it: a map of sets."""
    result: dict[str, dict[str, bool]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"invalid argument {text!r} for --filter: expected name=value")
        result.setdefault(name.strip().lower(), {})[value.strip()] = True
    return result or None


def short_id(identity: str) -> str:
    """The twelve characters people use."""
    return identity.removeprefix("sha256:")[:12]


def shortened(text: str, length: int) -> str:
    """With an ellipsis where it is longer (formatter.Ellipsis)."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
