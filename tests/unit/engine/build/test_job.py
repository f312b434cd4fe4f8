"""What all stages of a build share, and how it is told."""

import asyncio
from typing import Any, cast

import pytest

from tests.unit.engine.build.workshop import NOW, Workshop
from wherry.engine.build.job import Job, Vertices, text_of
from wherry.engine.build.model import BuildFailed, Options, Planned, Source
from wherry.engine.build.planning import setting_of
from wherry.engine.dockerfile.graph import Surroundings, needed_stages
from wherry.engine.dockerfile.parser import parse
from wherry.kit.errors import Invalid
from wherry.oci.platform import host

TEXT = "FROM scratch AS a\nRUN x\nENV A=1\nFROM a\nCOPY --from=a / /\nLABEL b=c\nWORKDIR /w\n"


def job(workshop: Workshop, text: str = TEXT) -> tuple[Job, list[Any]]:
    told: list[Any] = []
    setting = setting_of(Source(text), Options(), NOW)
    work = workshop.images.work()
    return Job(workshop.engine, setting, work, told.append, Vertices(told.append), workshop.engine.tmp), told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RUN  a", "RUN  a"),
        ("RUN a && \\\n    b", "RUN a && b"),
        ("RUN a && \\\n# why\n    b", "RUN a && b"),
        ("RUN <<EOF\none\ntwo\nEOF", "RUN <<EOF (2 lines)"),
    ],
)
def test_an_instruction_on_one_line(text: str, shown: str) -> None:
    assert text_of(parse(f"FROM a\n{text}\n").stages[0].instructions[0]) == shown


def test_steps_have_numbers_and_names(workshop: Workshop) -> None:
    made, told = job(workshop)
    found = needed_stages(made.setting.dockerfile, "", Surroundings(made.setting.globals, frozenset(), {}))
    made.vertices.plan(found)
    assert [event.name for event in told if event.name] == [
        "[a 1/2] FROM scratch AS a",
        "[a 2/2] RUN x",
        "[stage-1 1/3] FROM a",
        "[stage-1 2/3] COPY --from=a / /",
        "[stage-1 3/3] WORKDIR /w",
    ]
    assert [event.position for event in told] == list(range(1, 8))
    assert {event.total for event in told} == {7}
    assert made.vertices.number(1, 0) == 3
    extra = made.vertices.extra("exporting")
    assert cast(Planned, told[-1]).vertex == extra == 7


def test_a_failure_gets_its_place(workshop: Workshop) -> None:
    made, told = job(workshop)
    location = made.setting.dockerfile.stages[0].instructions[0].location
    with pytest.raises(BuildFailed) as failure, made.telling(1, location):
        raise Invalid("because")
    assert (failure.value.message, ">>> RUN x" in failure.value.excerpt) == ("because", True)
    assert [type(event).__name__ for event in told] == ["Began", "Failed"]
    with pytest.raises(BuildFailed, match="own") as failure, made.telling(1, location):
        raise BuildFailed("own", "kept")
    assert failure.value.excerpt == "kept"


def test_what_went_well_is_told(workshop: Workshop) -> None:
    made, told = job(workshop)
    with made.telling(2, made.setting.dockerfile.stages[0].origin.location) as telling:
        telling.say({"status": "x"})
        telling.cached, telling.result = True, "abc"
    ended = told[-1]
    assert (ended.vertex, ended.cached, ended.result, ended.seconds >= 0) == (2, True, "abc", True)


async def test_an_image_is_asked_for_once(workshop: Workshop) -> None:
    made, _ = job(workshop)
    built = await workshop.build("FROM scratch\n", tags=["base:1"])
    asked = []

    class Base:
        async def image(self, wanted: Any, report: Any) -> Any:
            asked.append(wanted.reference)
            await asyncio.sleep(0)
            return built.image

    object.__setattr__(made.engine, "base", Base())
    images = await asyncio.gather(*(made.base_image("base:1", host(), lambda document: None) for _ in range(3)))
    assert (len(set(map(id, images))), asked) == (1, ["base:1"])


def test_a_context_that_was_not_given(workshop: Workshop) -> None:
    made, _ = job(workshop)
    with pytest.raises(Invalid, match="no context"):
        made.context()
