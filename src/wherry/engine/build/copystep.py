"""From a COPY or WORKDIR of a Dockerfile to what is to be written, found in the cache or made."""

from collections.abc import Sequence

from wherry.engine.build.cache import CachedLayer, key
from wherry.engine.build.copying import Document, Files, Part, Shape, copy, files_mark, make_directory
from wherry.engine.build.digests import FileDigests, digest_of
from wherry.engine.build.ignore import Matcher
from wherry.engine.build.layers import Target
from wherry.engine.build.selection import Request, select
from wherry.engine.build.sources import Files as Origin
from wherry.engine.build.sources import files_of, looking_into
from wherry.engine.build.state import State
from wherry.engine.build.stepping import Step
from wherry.engine.build.tree import Tree
from wherry.engine.dockerfile.model import Add, Copy
from wherry.engine.dockerfile.settings import absolute
from wherry.engine.images.threads import in_thread


async def run_copy(step: Step, one: Copy) -> CachedLayer:
    """The layer of a resolved COPY."""
    if not one.sources:
        return await written(step, shape_of(step.state, one), documents_of(one))
    names = step.job.setting.names
    origin = await files_of(step.job, names.copy_source(one.from_) if one.from_ else None)
    return await run_copy_of(origin, step, one)


async def run_copy_of(origin: Origin, step: Step, one: Copy) -> CachedLayer:
    """The layer of a COPY of these files, whatever its ``from_`` says."""
    job, shape, documents = step.job, shape_of(step.state, one), documents_of(one)
    request = Request(one.sources, one.parents, Matcher(one.exclude) if one.exclude else None)
    known = job.engine.cache.fact(_fact(origin, one)) if origin.identity else None
    if known is not None:
        # Files of a stage that was looked into before: whether the step is cached shows without another look.
        marks = [files_mark(known.decode(), True), *(document.mark for document in documents)]
        cached = await step.found(shape.key(marks, step.target.parent, step.state.epoch_seconds))
        if cached is not None:
            return cached
    async with looking_into(job, origin) as (tree, digests):
        files = await in_thread(selected, tree, digests, request, origin.context is None)
        if origin.identity:
            job.engine.cache.put_fact(_fact(origin, one), files.digest.encode())
        return await written(step, shape, [files, *documents], tree)


def documents_of(one: Copy | Add) -> list[Document]:
    """The files that stand in the Dockerfile itself."""
    return [Document(document.name, document.content.encode()) for document in one.heredocs]


def _fact(origin: Origin, one: Copy) -> str:
    return key("selection", origin.identity, list(one.sources), one.parents, list(one.exclude))


def shape_of(state: State, one: Copy | Add) -> Shape:
    """Where to, and how. A destination that is said to be a directory ends with a slash or a dot; or there are many."""
    said = one.destination
    into = said.endswith(("/", "/.")) or said in (".", "..") or len(one.sources) + len(one.heredocs) > 1
    destination = absolute(said, state.config.working_dir or "/")
    return Shape(destination.rstrip("/") or "/", into, one.chown, one.chmod, one.link)


def selected(tree: Tree, digests: FileDigests, request: Request, keeps: bool) -> Files:
    """The files to copy and their digest. NotFound. Blocks."""
    items = select(tree, request)
    places = [(f"{item.place}\0{item.into:d}{item.top:d}", item.entry) for item in items]
    return Files(tree, items, digest_of(places, digests, with_owners=keeps), keeps)


async def written(step: Step, shape: Shape, parts: Sequence[Part], tree: Tree | None = None) -> CachedLayer:
    """The layer with these files. ``tree`` is where they are from, if they may change."""
    marks, epoch = [part.mark for part in parts], step.state.epoch_seconds
    step_key = shape.key(marks, step.target.parent, epoch)

    async def make(target: Target) -> CachedLayer:
        return await in_thread(copy, step.job.engine, shape, parts, target)

    async def holds() -> bool:
        return tree is None or not tree.changed

    if shape.link:
        return await step.made_anywhere(shape.key(marks, None, epoch), step_key, make, holds)
    return await step.made(step_key, make, holds)


async def run_workdir(step: Step) -> CachedLayer | None:
    """The layer that makes the working directory, the user's own; None when it is there."""
    engine, config = step.job.engine, step.state.config
    path = config.working_dir or "/"
    fact = key("directory", step.target.parent, path)
    if engine.cache.fact(fact) is not None:
        return None
    step_key = key("workdir", step.target.parent, path, config.user, step.state.epoch_seconds)
    cached = await step.found(step_key)
    if cached is not None:
        return cached
    layer = await in_thread(make_directory, engine, path, config.user, step.target)
    if layer is None:
        engine.cache.put_fact(fact, b"")
        return None
    engine.cache.put(step_key, layer, step.description)
    step.job.made[step_key] = layer
    return layer
