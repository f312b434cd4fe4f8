"""From COPY and WORKDIR to what is written."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.copystep import documents_of, shape_of
from wherry.engine.build.model import BuildFailed, Ended, Output
from wherry.engine.build.state import State
from wherry.engine.dockerfile.model import Copy
from wherry.engine.dockerfile.parser import parse
from wherry.engine.dockerfile.settings import Settings
from wherry.oci.model import ContainerConfig
from wherry.oci.platform import host


def instruction(text: str) -> Any:
    return parse(f"FROM scratch\n{text}\n").stages[0].instructions[0]


def state(working_dir: str = "") -> State:
    return State(host(), 0, settings=Settings(ContainerConfig(working_dir=working_dir)))


@pytest.mark.parametrize(
    ("text", "destination", "into"),
    [
        ("COPY a /x", "/x", False),
        ("COPY a /x/", "/x", True),
        ("COPY a b /x", "/x", True),
        ("COPY a .", "/w", True),
        ("COPY a x", "/w/x", False),
        ("COPY a ./x/.", "/w/x", True),
        ("COPY a ..", "/", True),
        ("COPY a /", "/", True),
        ("COPY <<one <<two /x\none\ntwo", "/x", True),
    ],
)
def test_destinations(text: str, destination: str, into: bool) -> None:
    shape = shape_of(state("/w"), instruction(text))
    assert (shape.destination, shape.into) == (destination, into)


def test_documents_are_files() -> None:
    one: Copy = instruction("COPY <<a <<b /x/\n1\na\n2\nb")
    assert [(document.name, document.content) for document in documents_of(one)] == [("a", b"1\n"), ("b", b"2\n")]


async def test_what_was_looked_into_once_is_not_looked_into_again(workshop: Workshop) -> None:
    """The files of a stage that is cached need no view."""
    text = "FROM scratch AS a\nRUN put f 1\nFROM scratch\nCOPY --from=a /f /g\n"
    await workshop.build(text)
    views = []
    view = workshop.snapshots.view

    def counted(*arguments: Any, **more: Any) -> Any:
        views.append(arguments)
        return view(*arguments, **more)

    workshop.snapshots.view = counted  # type: ignore[method-assign]
    await workshop.build(text)
    assert not views


async def test_a_working_directory_is_made_once(workshop: Workshop) -> None:
    text = "FROM scratch\nWORKDIR /a/b\nRUN put x 1\nWORKDIR ..\nWORKDIR /a/b\n"
    built = await workshop.build(text)
    assert len(built.image.diff_ids) == 2
    await workshop.build(text)
    assert [event.cached for event in workshop.all_of(Ended)] == [False, True, True, False, False]


async def test_a_changed_file_is_copied_as_it_is_and_not_remembered(
    workshop: Workshop, context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and the copy somebody writes to it."""
    from wherry.engine.build import copystep

    copy = copystep.copy

    def late(*arguments: Any) -> Any:
        (context / "file").write_text("changed")
        return copy(*arguments)

    monkeypatch.setattr(copystep, "copy", late)
    built = await workshop.build("FROM scratch\nCOPY file /x\n", context)
    assert workshop.files(built) == {"x": "changed"}
    assert not workshop.cache.records()
    monkeypatch.undo()
    (context / "file").write_text("file")
    assert workshop.files(await workshop.build("FROM scratch\nCOPY file /x\n", context)) == {"x": "file"}
    assert len(workshop.cache.records()) == 1


async def test_a_linked_copy_does_not_count_what_is_below(workshop: Workshop, context: Path) -> None:
    text = "FROM scratch\nRUN put base {}\nCOPY --link file /x\nRUN show x; show base\n"
    first = await workshop.build(text.format(1), context)
    second = await workshop.build(text.format(2), context)
    assert [event.cached for event in workshop.all_of(Ended)] == [False, False, True, False]
    assert b"".join(event.data for event in workshop.all_of(Output)) == b"file2"
    assert first.image.diff_ids[1] == second.image.diff_ids[1]


async def test_without_a_context_nothing_is_copied(workshop: Workshop) -> None:
    with pytest.raises(BuildFailed, match="this build has no context"):
        await workshop.build("FROM scratch\nCOPY file /\n")
    with pytest.raises(BuildFailed, match="scratch has no files to copy"):
        await workshop.build("FROM scratch\nCOPY --from=scratch file /\n")
