"""Where files come from."""

from pathlib import Path

import pytest

from tests.unit.engine.build.test_job import job
from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.context import opened
from wherry.engine.build.sources import Files, directories, files_of, looking_into
from wherry.engine.dockerfile import graph
from wherry.kit.errors import Invalid


async def test_the_context(workshop: Workshop, context: Path, tmp_path: Path) -> None:
    made, _ = job(workshop)
    with pytest.raises(Invalid, match="no context"):
        await files_of(made, None)
    with opened(context, workshop.cache, None, passing=False) as found:
        made.contexts[""] = found
        files = await files_of(made, None)
        assert files.identity is None
        assert directories(made, files, tmp_path) == [context]
        async with looking_into(made, files) as (tree, _digests):
            assert tree.find("d/inner") is not None


async def test_an_image(workshop: Workshop, tmp_path: Path) -> None:
    built = await workshop.build("FROM scratch\nRUN put f x\n", tags=["base:1"])
    made, _ = job(workshop)
    files = await files_of(made, graph.ImageSource("base:1"))
    assert files.identity == built.image.chain_ids[-1]
    assert directories(made, files, tmp_path) == [workshop.snapshots.path(built.image.chain_ids[-1])]
    async with looking_into(made, files) as (tree, digests):
        entry = tree.find("f")
        assert entry is not None
        assert len(digests.of(entry)) == 64


async def test_a_stage_that_is_empty(workshop: Workshop) -> None:
    assert Files().identity == "scratch"
    made, _ = job(workshop)
    async with looking_into(made, Files()) as (tree, _digests):
        assert list(tree.walk("")) == []


async def test_what_has_no_files(workshop: Workshop) -> None:
    made, _ = job(workshop)
    with pytest.raises(Invalid, match="scratch has no files"):
        await files_of(made, graph.ScratchSource())


async def test_contexts_by_name(workshop: Workshop, context: Path) -> None:
    await workshop.build("FROM scratch\nRUN put f x\n", tags=["base:1"])
    text = "FROM scratch\nCOPY --from=one d/inner /\nCOPY --from=two f /\n"
    contexts = {"one": str(context), "two": "docker-image://base:1"}
    built = await workshop.build(text, contexts=contexts)
    assert workshop.files(built) == {"inner": "inner", "f": "x"}


async def test_a_context_in_the_place_of_a_stage(workshop: Workshop, context: Path) -> None:
    text = "FROM scratch AS one\nRUN exit 1\nFROM one\nCOPY --from=one file /again\n"
    built = await workshop.build(text, contexts={"one": str(context)})
    assert workshop.files(built)["again"] == "file"
