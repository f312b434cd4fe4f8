"""Findings that the text alone shows. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wherry.engine.dockerfile import rules
from wherry.engine.dockerfile.directives import directives
from wherry.engine.dockerfile.lines import Line, logical_lines
from wherry.engine.dockerfile.model import (
    Arg,
    Cmd,
    Dockerfile,
    Entrypoint,
    Env,
    From,
    Healthcheck,
    Instruction,
    Label,
    Location,
    Maintainer,
)
from wherry.engine.dockerfile.rules import Finding
from wherry.engine.dockerfile.words import quoted, split_blanks

_RESERVED = frozenset({"context", "scratch"})


@dataclass(frozen=True, slots=True)
class Written:
    """An instruction and the line that it was. ``name`` is as typed."""

    instruction: Instruction
    line: Line

    @property
    def name(self) -> str:
        return self.line.statement.name

    @property
    def location(self) -> Location:
        return self.instruction.location


def written(dockerfile: Dockerfile) -> list[Written]:
    """All instructions in the order of the file, the global ARGs first."""
    _, skip = directives(dockerfile.source)
    lines = logical_lines(dockerfile.source, dockerfile.escape, skip)
    inside = (one for stage in dockerfile.stages for one in (stage.origin, *stage.instructions))
    return [Written(one, line) for one, line in zip((*dockerfile.arguments, *inside), lines, strict=True)]


def text_findings(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Of all rules that need no variables."""
    found = written(dockerfile)
    for one in found:
        yield from _continuations(one)
        yield from _descriptions(one)
        yield from _forms(one)
    yield from _stage_names(found)
    yield from _casing(found[len(dockerfile.arguments) :])
    yield from _repetitions(found)


def _continuations(one: Written) -> Iterator[Finding]:
    if one.line.skips_blank:
        bodies = sum(document.content.count("\n") + 1 for document in one.line.documents)
        last = one.location.last_line - bodies
        yield Finding(rules.NO_EMPTY_CONTINUATION, "Empty continuation line", Location(last, last))


def _descriptions(one: Written) -> Iterator[Finding]:
    names: Sequence[str] = ()
    if isinstance(one.instruction, Arg):
        names = [argument.name for argument in one.instruction.arguments]
    elif isinstance(one.instruction, From) and one.instruction.name:
        names = [one.instruction.name]
    comments = one.line.comments
    if names and comments and comments[-1].split(" ")[0] not in names:
        example = names[0] if len(names) == 1 else "<arg_key>"
        message = f"Comment for {one.name.upper()} should follow the format: `# {example} <description>`"
        yield Finding(rules.INVALID_DEFINITION_DESCRIPTION, message, one.location)


def _forms(one: Written) -> Iterator[Finding]:
    if isinstance(one.instruction, Maintainer):
        message = "Maintainer instruction is deprecated in favor of using label"
        yield Finding(rules.MAINTAINER_DEPRECATED, message, one.location)
    if isinstance(one.instruction, Env | Label) and one.instruction.is_legacy:
        message = f'"{one.name} key=value" should be used instead of legacy "{one.name} key value" format'
        yield Finding(rules.LEGACY_KEY_VALUE_FORMAT, message, one.location)


def _stage_names(found: Sequence[Written]) -> Iterator[Finding]:
    seen: set[str] = set()
    for one in found:
        if not isinstance(one.instruction, From) or not one.instruction.name:
            continue
        _, keyword, typed = split_blanks(one.line.statement.rest)
        name = one.instruction.name
        if typed != name:
            yield Finding(rules.STAGE_NAME_CASING, f"Stage name '{typed}' should be lowercase", one.location)
        if not _same_case(one.name, keyword):
            message = f"'{keyword}' and '{one.name}' keywords' casing do not match"
            yield Finding(rules.FROM_AS_CASING, message, one.location)
        if name in _RESERVED:
            message = f"Stage name should not use the same name as reserved stage {quoted(name)}"
            yield Finding(rules.RESERVED_STAGE_NAME, message, one.location)
        if name in seen:
            message = f"Duplicate stage name {quoted(name)}, stage names should be unique"
            yield Finding(rules.DUPLICATE_STAGE_NAME, message, one.location)
        seen.add(name)


def _same_case(name: str, keyword: str) -> bool:
    """A name of mixed case is a finding of its own."""
    if name.islower():
        return keyword.islower()
    return not name.isupper() or keyword.isupper()


def _casing(found: Sequence[Written]) -> Iterator[Finding]:
    """All instructions in the case that most have; upper case when they are even."""
    lower = sum(one.name.islower() for one in found)
    is_lower = lower > sum(one.name.isupper() for one in found)
    right = "lowercase" if is_lower else "uppercase"
    for one in found:
        if not (one.name.islower() if is_lower else one.name.isupper()):
            message = f"Command '{one.name}' should match the case of the command majority ({right})"
            yield Finding(rules.CONSISTENT_INSTRUCTION_CASING, message, one.location)


def _repetitions(found: Sequence[Written]) -> Iterator[Finding]:
    """The finding is at the earlier one, which has no effect."""
    last: dict[type[Instruction], Written] = {}
    for one in found:
        if isinstance(one.instruction, From):
            last = {}
        if not isinstance(one.instruction, Cmd | Entrypoint | Healthcheck):
            continue
        kind = type(one.instruction)
        if kind in last:
            what = f"Multiple {one.name} instructions should not be used in the same stage"
            message = f"{what} because only the last one will be used"
            yield Finding(rules.MULTIPLE_INSTRUCTIONS_DISALLOWED, message, last[kind].location)
        last[kind] = one
