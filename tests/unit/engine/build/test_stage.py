"""One stage: its base, then its instructions."""

from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.model import BuildFailed, Ended
from wherry.engine.build.stage import _invented
from wherry.oci.platform import host


async def test_a_stage_begins_with_its_base(workshop: Workshop) -> None:
    base = "FROM scratch\nENV A=1 B=2\nWORKDIR /w\nUSER bob\nCMD a\nLABEL l=1\nRUN put f x\n"
    await workshop.build(base, tags=["base:1"])
    built = await workshop.build("FROM base:1\nENV A=3\nRUN env A; env B\n")
    config = built.image.config.config
    assert (config.env or [])[-2:] == ["A=3", "B=2"]
    assert (config.working_dir, config.user, config.labels) == ("/w", "bob", {"l": "1"})
    assert [command.user for command in workshop.runner.ran][-1] == "bob"
    assert len(built.image.config.history or ()) == 8
    assert next(event.result for event in workshop.all_of(Ended)) == built.image.chain_ids[-2][7:19]


async def test_a_stage_of_a_stage_has_its_variables(workshop: Workshop) -> None:
    text = "FROM scratch AS a\nARG X=1\nENV E=$X\nFROM a\nRUN env X; env E\n"
    await workshop.build(text)
    environment = workshop.runner.ran[0].environment
    assert {"X=1", "E=1"} <= set(environment)


async def test_variables_are_filled_in(workshop: Workshop, context: Path) -> None:
    text = "ARG BASE=scratch\nFROM ${BASE}\nARG D=/there\nCOPY file $D/\nLABEL a=${D#/}\n"
    built = await workshop.build(text, context)
    assert workshop.files(built) == {"there/file": "file"}
    assert built.image.config.config.labels == {"a": "there"}


async def test_only_the_stages_named_are_made_anew(workshop: Workshop) -> None:
    text = "FROM scratch AS a\nRUN put a 1\nFROM a AS b\nRUN put b 1\n"
    await workshop.build(text)
    await workshop.build(text, no_cache_filter=frozenset({"b"}))
    assert [event.cached for event in workshop.all_of(Ended)] == [False, True, False, False]


async def test_an_image_without_a_history_gets_one(workshop: Workshop) -> None:
    built = await workshop.build("FROM scratch\nRUN put f x\n")
    assert [one.created_by for one in _invented(built.image)] == [""]
    assert not any(one.empty_layer for one in _invented(built.image))


async def test_an_image_of_another_platform(workshop: Workshop) -> None:
    other = "s390x" if host().architecture != "s390x" else "amd64"
    with pytest.raises(BuildFailed, match="pull access denied"):
        await workshop.build("FROM scratch\n", tags=["base:1"])
        await workshop.build("FROM base:1\n", platform=f"linux/{other}")


async def test_a_mistake_in_the_middle_has_its_place(workshop: Workshop) -> None:
    with pytest.raises(BuildFailed, match="X: empty") as failure:
        await workshop.build("FROM scratch\nRUN say x\nENV A=${X:?empty}\n")
    assert ">>> ENV A=" in failure.value.excerpt
    assert len(workshop.runner.ran) == 1
