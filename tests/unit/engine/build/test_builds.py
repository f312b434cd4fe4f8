"""Whole builds, on an imagined machine."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import NOW, Workshop, until
from wherry.engine.build.model import BuildFailed, Ended, Failed, Output, Planned, Warned
from wherry.kit.errors import Invalid

TEXT = """FROM scratch AS base
COPY d /copied/
RUN put made text; say hello
FROM base
WORKDIR /work
COPY --from=base /made /again
ENV A=1
CMD ["x"]
"""


async def test_an_image_comes_of_it(workshop: Workshop, context: Path) -> None:
    built = await workshop.build(TEXT, context, tags=["app:1", "app:2"], labels={"b": "2", "a": "1"})
    files = {"copied/inner": "inner", "copied/other": "other", "made": "text", "again": "text"}
    assert workshop.files(built) == files
    assert workshop.images.get("app:2").id == built.image.id
    config = built.image.config
    assert config.created == "1970-01-01T00:00:00Z"
    assert list(config.config.labels or {}) == ["a", "b"]
    assert config.config.cmd == ["x"]
    assert [entry.created_by for entry in config.history or ()][-2:] == ["ENV A=1", 'CMD ["x"]']
    assert len(built.image.diff_ids) == 4
    assert b"".join(event.data for event in workshop.all_of(Output)) == b"hello\n"


async def test_a_second_time_nothing_is_done(workshop: Workshop, context: Path) -> None:
    first = await workshop.build(TEXT, context)
    ran = len(workshop.runner.ran)
    second = await workshop.build(TEXT, context)
    assert second.image.id == first.image.id
    assert len(workshop.runner.ran) == ran
    cached = {event.vertex: event.cached for event in workshop.all_of(Ended)}
    made = [event.vertex for event in workshop.all_of(Planned) if event.text.startswith(("COPY", "RUN", "WORKDIR"))]
    assert all(cached[vertex] for vertex in made)


async def test_a_failing_step(workshop: Workshop) -> None:
    with pytest.raises(BuildFailed, match="exit code: 7") as failure:
        await workshop.build("FROM scratch\nRUN say why; exit 7\nRUN say never\n")
    assert (failure.value.code, failure.value.command) == (7, "/bin/sh -c say why; exit 7")
    assert ">>> RUN say why" in failure.value.excerpt
    assert len(workshop.all_of(Failed)) == 1
    assert len(workshop.runner.ran) == 1
    assert not workshop.images.list(everything=True)


async def test_stages_are_built_beside_each_other(workshop: Workshop) -> None:
    text = (
        "FROM scratch AS a\nRUN wait; put a 1\nFROM scratch AS b\nRUN wait; put b 2\n"
        "FROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n"
    )
    building = asyncio.ensure_future(workshop.build(text))
    await until(lambda: workshop.runner.running == 2)
    workshop.runner.go.set()
    assert workshop.files(await building) == {"a": "1", "b": "2"}


async def test_a_failure_ends_the_other_stages(workshop: Workshop) -> None:
    text = "FROM scratch AS a\nRUN wait\nFROM scratch AS b\nRUN exit 1\nFROM a\nCOPY --from=b / /\n"
    with pytest.raises(BuildFailed, match="exit code: 1"):
        await workshop.build(text)
    assert workshop.runner.running == 0
    assert not list(workshop.engine.tmp.iterdir())


async def test_cancelling_ends_what_runs(workshop: Workshop) -> None:
    building = asyncio.ensure_future(workshop.build("FROM scratch\nRUN wait\n"))
    await until(lambda: workshop.runner.running)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert workshop.runner.running == 0
    assert not list(workshop.engine.tmp.iterdir())


async def test_two_builds_make_a_common_step_once(workshop: Workshop) -> None:
    text = "FROM scratch\nRUN wait; put a 1\n"
    builds = [asyncio.ensure_future(workshop.build(text, labels={"n": str(number)})) for number in range(3)]
    await until(lambda: workshop.runner.running)
    workshop.runner.go.set()
    built = await asyncio.gather(*builds)
    assert len(workshop.runner.ran) == 1
    assert len({one.image.id for one in built}) == 3


async def test_a_base_that_cannot_be_had(workshop: Workshop) -> None:
    with pytest.raises(BuildFailed, match="pull access denied for missing:latest") as failure:
        await workshop.build("FROM scratch AS unused\nFROM missing\nRUN say x\n")
    assert ">>> FROM missing" in failure.value.excerpt


async def test_triggers_of_a_base_are_done_once(workshop: Workshop) -> None:
    await workshop.build("FROM scratch\nONBUILD RUN put triggered yes\n", tags=["base:1"])
    child = await workshop.build("FROM base:1\nRUN put own yes\n", tags=["child:1"])
    assert workshop.files(child) == {"triggered": "yes", "own": "yes"}
    assert not child.image.config.config.on_build
    await workshop.build("FROM child:1\nRUN put more yes\n")
    assert [command.arguments[-1] for command in workshop.runner.ran].count("put triggered yes") == 1


async def test_warnings_and_when_they_are_errors(workshop: Workshop) -> None:
    text = "FROM scratch as a\n"
    await workshop.build(text)
    assert [event.rule for event in workshop.all_of(Warned)] == ["FromAsCasing"]
    with pytest.raises(Invalid, match="FromAsCasing"):
        await workshop.build(f"# check=error=true\n{text}")


async def test_a_configuration_that_nobody_could_read(workshop: Workshop) -> None:
    labels = {f"l{number}": "x" * 100_000 for number in range(50)}
    with pytest.raises(Invalid, match="configuration has 5"):
        await workshop.build("FROM scratch\n", labels=labels)


async def test_the_epoch(workshop: Workshop) -> None:
    text = "FROM scratch\nRUN env SOURCE_DATE_EPOCH\n"
    for build_args, created, seen in (
        ({}, "1970-01-01T00:00:00Z", "0"),
        ({"SOURCE_DATE_EPOCH": "86400"}, "1970-01-02T00:00:00Z", "86400"),
        ({"WHERRY_REPRODUCIBLE": "0"}, "2023-11-14T22:13:2", "None"),
    ):
        built = await workshop.build(text, build_args=build_args, no_cache=True)
        assert built.image.config.created.startswith(created)
        assert workshop.all_of(Output)[0].data.decode() == f"SOURCE_DATE_EPOCH={seen}\n"
    assert workshop.time > NOW


# Pruning


async def test_what_images_have_stays(workshop: Workshop) -> None:
    text = "FROM scratch AS a\nRUN put a 1\nFROM scratch\nRUN put b 22\nCOPY --from=a /a /\n"
    built = await workshop.build(text, tags=["app:1"])
    before = set(workshop.snapshots.list())
    pruned = await workshop.builds.prune(everything=False)
    assert (len(pruned.keys), pruned.bytes) == (1, 1)
    assert len(before - set(workshop.snapshots.list())) == 1
    pruned = await workshop.builds.prune(everything=True)
    assert (len(pruned.keys), pruned.bytes) == (2, 0)
    assert workshop.files(built) == {"a": "1", "b": "22"}
    assert workshop.cache.records() == []


async def test_the_least_recently_used_goes_first(workshop: Workshop) -> None:
    texts = [f"FROM scratch\nRUN put f {'x' * 100}{number}\n" for number in range(3)]
    for text in (*texts, texts[0]):
        built = await workshop.build(text)
        workshop.images.remove(built.image.id, True, True, lambda image: [])
    await workshop.images.settle()
    pruned = await workshop.builds.prune(everything=False, keep_bytes=202)
    assert pruned.bytes == 101
    for text in texts:
        await workshop.build(text)
    assert len(workshop.runner.ran) == 4


async def test_only_what_was_not_used_for_so_long(workshop: Workshop) -> None:
    built = await workshop.build("FROM scratch\nRUN put a 1\n")
    workshop.images.remove(built.image.id, True, True, lambda image: [])
    assert not (await workshop.builds.prune(everything=False, older_nanoseconds=3600 * 10**9)).keys
    workshop.time += 4000
    assert (await workshop.builds.prune(everything=False, older_nanoseconds=3600 * 10**9)).keys


async def test_a_target_that_is_not_there(workshop: Workshop) -> None:
    with pytest.raises(Invalid, match="nowhere"):
        await workshop.build("FROM scratch\n", target="nowhere")
