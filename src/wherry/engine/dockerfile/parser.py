"""A whole Dockerfile: global arguments, stages, instructions. Pure.

Errors are :class:`InvalidDockerfile`, with a place wherever one is to blame, and with BuildKit's words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wherry.engine.dockerfile.directives import directives
from wherry.engine.dockerfile.errors import InvalidDockerfile, located
from wherry.engine.dockerfile.instructions import instruction
from wherry.engine.dockerfile.lines import Line, logical_lines
from wherry.engine.dockerfile.model import BACKSLASH, Arg, Dockerfile, From, Instruction, Location, Stage
from wherry.kit.errors import Invalid

_BYTE_ORDER_MARK = "\ufeff"
_INSTRUCTIONS_LIMIT = 10_000
"""Each may cost the time of everything before it, and nobody's Dockerfile has a tenth of it."""


def parse(text: str | bytes) -> Dockerfile:
    """The file as data. Bytes that are not UTF-8 become U+FFFD. Raises InvalidDockerfile, never anything else."""
    source = (text if isinstance(text, str) else text.decode("utf-8", "replace")).removeprefix(_BYTE_ORDER_MARK)
    if not source:
        raise InvalidDockerfile("the Dockerfile cannot be empty")
    chosen, directive_lines = directives(source)
    lines = list(logical_lines(source, chosen.escape, directive_lines))
    if len(lines) > _INSTRUCTIONS_LIMIT:
        raise InvalidDockerfile(f"the Dockerfile has more than {_INSTRUCTIONS_LIMIT} instructions")
    if not lines:
        raise InvalidDockerfile("file with no instructions", Location(1, source.count("\n", 0, -1) + 1))
    arguments, stages = _stages(_instructions(lines, chosen.escape))
    if not stages:
        raise InvalidDockerfile("dockerfile contains no stages to build")
    return Dockerfile(source, chosen, arguments, stages)


def _instructions(lines: Iterable[Line], escape: str) -> Iterator[Instruction]:
    for line in lines:
        with located(line.location, f"dockerfile parse error on line {line.location.first_line}: "):
            yield instruction(line, escape)


def _stages(instructions: Iterable[Instruction]) -> tuple[tuple[Arg, ...], tuple[Stage, ...]]:
    arguments: list[Arg] = []
    stages: list[list[Instruction]] = []
    for one in instructions:
        if isinstance(one, From):
            stages.append([one])
        elif stages:
            stages[-1].append(one)
        elif isinstance(one, Arg):
            arguments.append(one)
        else:
            raise InvalidDockerfile("no build stage in current context", one.location)
    return tuple(arguments), tuple(_stage(index, origin) for index, origin in enumerate(stages))


def _stage(index: int, members: list[Instruction]) -> Stage:
    origin, *rest = members
    assert isinstance(origin, From)
    text = "\n".join(member.location.text for member in members)
    location = Location(origin.location.first_line, members[-1].location.last_line, text)
    return Stage(index, origin, tuple(rest), location)


def parse_lines(text: str) -> list[Line]:
    """Instructions without any stage, as ``docker commit --change`` takes them. Raises InvalidDockerfile."""
    lines = list(logical_lines(text, BACKSLASH))
    if not lines:
        raise InvalidDockerfile("file with no instructions")
    return lines


def parse_trigger(text: str, location: Location) -> Instruction:
    """An ONBUILD trigger, of this file or out of a base image, at ``location``. Raises InvalidDockerfile."""
    with located(location):
        try:
            lines = parse_lines(text)
        except InvalidDockerfile as error:
            raise InvalidDockerfile(error.message, location) from error
        if len(lines) != 1:
            raise Invalid("onbuild trigger should be a single expression")
        found = instruction(replace(lines[0], location=location), BACKSLASH)
        if isinstance(found, From):
            raise Invalid("FROM isn't allowed as an ONBUILD trigger")
        return found
