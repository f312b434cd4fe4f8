"""Where files come from: the context, another stage, an image. One way to look into each of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from wherry.engine.build.around import Wanted
from wherry.engine.build.context import Context
from wherry.engine.build.digests import FileDigests
from wherry.engine.build.job import Job
from wherry.engine.build.layers import Layer, chain
from wherry.engine.build.tree import Tree
from wherry.engine.dockerfile import graph
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class Files:
    """Files to look into. ``chain_ids`` of what has layers; a context has none, and its files have no owners."""

    context: Context | None = None
    chain_ids: tuple[str, ...] = ()

    @property
    def identity(self) -> str | None:
        """What never stands for other files; None where only the files themselves tell."""
        return None if self.context is not None else (self.chain_ids[-1] if self.chain_ids else "scratch")


async def files_of(job: Job, source: graph.Source | None) -> Files:
    """The files that a name stands for; None is the build's context. Waits for a stage to be done."""
    match source:
        case None:
            return Files(job.context())
        case graph.StageSource(index):
            return Files(chain_ids=tuple((await job.stage(index)).chain_ids))
        case graph.ContextSource(name):
            return await _named(job, name)
        case graph.ImageSource(reference):
            return Files(chain_ids=tuple(chain(await image_layers(job, reference))))
        case _:
            raise Invalid("scratch has no files to copy")


async def _named(job: Job, name: str) -> Files:
    if name in job.contexts:
        return Files(job.context(name))
    said = job.options.contexts[name]
    reference = said.removeprefix("docker-image://")
    if reference == said:
        known = "directories, addresses of the web or of git, and docker-image:// are available"
        raise Invalid(f"build context {name!r} is {said!r}: only {known}")
    return Files(chain_ids=tuple(chain(await image_layers(job, reference))))


async def image_layers(job: Job, reference: str) -> list[Layer]:
    """The layers of an image that is not a base."""
    wanted = Wanted(reference, job.setting.platform, False, job.options.credentials)
    image = await job.engine.base.image(wanted, lambda document: None)
    return list(job.engine.base.layers(image))


@asynccontextmanager
async def looking_into(job: Job, files: Files) -> AsyncIterator[tuple[Tree, FileDigests]]:
    """The files as a tree, as long as the block lasts."""
    if files.context is not None:
        yield files.context.tree(), files.context.files
        return
    view = job.engine.snapshots.view(list(files.chain_ids))
    fd = await in_thread(view.__enter__)
    try:
        tree = Tree(fd)
        yield tree, FileDigests(job.engine.cache, tree, remember=False)
    finally:
        await in_thread(view.__exit__, None, None, None)


def directories(job: Job, files: Files, scratch: Path) -> list[Path]:
    """What an overlay is made of that shows the files, the topmost first. ``scratch`` is empty. Blocks."""
    if files.context is not None:
        return files.context.layers(lambda: scratch)
    return job.engine.snapshots.layers(list(files.chain_ids))
