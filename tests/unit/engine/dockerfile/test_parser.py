"""Whole Dockerfiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.model import Arg, Cmd, Copy, From, Location, Run, User
from wherry.engine.dockerfile.parser import parse, parse_lines, parse_trigger

TEXT = """# syntax=docker/dockerfile:1
# escape=\\
ARG V=1
ARG W
# The base.
FROM busybox:$V AS Base
RUN a \\
 b
USER x

FROM scratch
COPY --from=base /a /
CMD ["/a"]
"""


def test_a_file_is_stages() -> None:
    file = parse(TEXT)
    assert file.source == TEXT
    assert file.directives.syntax == "docker/dockerfile:1"
    assert [argument.name for one in file.arguments for argument in one.arguments] == ["V", "W"]
    first, second = file.stages
    assert (first.index, first.name, first.base, first.platform) == (0, "base", "busybox:$V", "")
    assert [type(one) for one in first.instructions] == [Run, User]
    assert (first.location.first_line, first.location.last_line) == (6, 9)
    assert (second.index, second.name, second.base) == (1, "", "scratch")
    assert [type(one) for one in second.instructions] == [Copy, Cmd]


def test_bytes_may_be_anything() -> None:
    file = parse(b"\xef\xbb\xbf# caf\xe9\r\nFROM scratch\r\nUSER \xe9\r\n")
    assert file.source.startswith("# caf\ufffd")
    assert file.stages[0].instructions == (User(Location(3, 3, "USER \ufffd\r"), "\ufffd"),)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "the Dockerfile cannot be empty", 0),
        ("\n", "file with no instructions", 1),
        ("# comment\n\n", "file with no instructions", 1),
        ("ARG A", "dockerfile contains no stages to build", 0),
        ("ARG A\nRUN x\nFROM y", "no build stage in current context", 2),
        ("FROM x\nRNU y", "dockerfile parse error on line 2: unknown instruction: RNU (did you mean RUN?)", 2),
        ("FROM x\n\nUSER", "dockerfile parse error on line 3: USER requires exactly one argument", 3),
        ("FROM x\nRUN <<E\n", "unterminated heredoc", 2),
        ("# escape=x\nFROM y", "invalid escape token 'x' does not match ` or \\", 1),
    ],
)
def test_nonsense_is_refused_with_its_place(text: str, message: str, line: int) -> None:
    with pytest.raises(InvalidDockerfile) as refused:
        parse(text)
    assert refused.value.message == message
    assert (refused.value.location.first_line if refused.value.location else 0) == line


def test_instructions_come_without_stages_too() -> None:
    assert [line.statement.name for line in parse_lines("CMD a\nuser b")] == ["CMD", "user"]
    with pytest.raises(InvalidDockerfile, match="file with no instructions"):
        parse_lines("# nothing")


def test_a_trigger_is_an_instruction_at_the_place_of_its_stage() -> None:
    place = Location(7, 7, "FROM x")
    found = parse_trigger("COPY <<E /x\na\nE", place)
    assert isinstance(found, Copy)
    assert found.location == place
    assert [document.content for document in found.heredocs] == ["a\n"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RUN a\nRUN b", "onbuild trigger should be a single expression"),
        ("FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("", "file with no instructions"),
        ("RNU x", "unknown instruction: RNU (did you mean RUN?)"),
        ("RUN [1]", "when using JSON array syntax, arrays must be comprised of strings only"),
    ],
)
def test_a_bad_trigger_is_refused_there(text: str, message: str) -> None:
    place = Location(7, 7)
    with pytest.raises(InvalidDockerfile) as refused:
        parse_trigger(text, place)
    assert (refused.value.message, refused.value.location) == (message, place)


@given(st.one_of(st.text(), st.binary(), st.text(alphabet="FROM x\n\\#<E'\"[]=-$`\t", max_size=80)))
def test_any_text_is_parsed_or_refused(text: str | bytes) -> None:
    try:
        parse(text)
    except InvalidDockerfile:
        pass


instructions = st.sampled_from(
    [
        "RUN a",
        "RUN a \\\n b",
        "COPY <<E /x\na\nE",
        "ENV a=b",
        "# c",
        "",
        "FROM scratch AS x",
        "from y",
        "CMD []",
        "ARG A",
    ]
)


@given(st.lists(instructions, max_size=12))
def test_what_is_at_the_locations_parses_to_the_same(lines: list[str]) -> None:
    file = parse("\n".join(["FROM scratch", *lines]))
    found = [one for stage in file.stages for one in (stage.origin, *stage.instructions)]
    again = parse("\n".join(one.location.text for one in found))
    assert [type(one) for stage in again.stages for one in (stage.origin, *stage.instructions)] == [
        type(one) for one in found
    ]
    covered = {line for one in found for line in range(one.location.first_line, one.location.last_line + 1)}
    physical = file.source.split("\n")
    rest = [line for number, line in enumerate(physical, 1) if number not in covered]
    assert all(not line or line.startswith("#") for line in rest)


def test_global_arguments_end_with_the_first_stage() -> None:
    file = parse("ARG A\nFROM x\nARG B")
    assert len(file.arguments) == 1
    assert isinstance(file.stages[0].instructions[0], Arg)
    assert isinstance(file.stages[0].origin, From)


def test_more_instructions_than_anybody_writes() -> None:
    with pytest.raises(InvalidDockerfile, match="more than 10000 instructions"):
        parse("FROM a\n" + "RUN b\n" * 10_000)
