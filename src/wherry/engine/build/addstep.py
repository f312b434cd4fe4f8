"""ADD: as COPY, but archives are unpacked, and sources may be URLs and git repositories."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from wherry.engine.build.addfiles import archive
from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.copying import Files, Part
from wherry.engine.build.copystep import documents_of, selected, shape_of, written
from wherry.engine.build.digests import FileDigests
from wherry.engine.build.ignore import Matcher
from wherry.engine.build.selection import Request
from wherry.engine.build.sources import Files as Origin
from wherry.engine.build.sources import looking_into
from wherry.engine.build.stepping import Step
from wherry.engine.build.tree import Entry, Tree
from wherry.engine.build.unpack import is_archive
from wherry.engine.dockerfile.model import Add
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid


async def run_add(step: Step, one: Add) -> CachedLayer:
    """The layer of a resolved ADD."""
    from wherry.engine.build.remote import is_remote, remote_part  # with an HTTP client: most builds need none

    shape = shape_of(step.state, one)
    local = [source for source in one.sources if not is_remote(source)]
    if one.checksum and (len(one.sources) != 1 or local):
        raise Invalid("checksum can only be specified for a single HTTP(S) or git source")
    with ExitStack() as stack:
        parts: list[Part] = []
        for source in one.sources:
            if is_remote(source):
                parts.append(await remote_part(step, one, source, stack))
        if not local:
            return await written(step, shape, [*parts, *documents_of(one)])
        async with looking_into(step.job, Origin(step.job.context())) as (tree, digests):
            request = Request(local, excluded=Matcher(one.exclude) if one.exclude else None)
            files = await in_thread(selected, tree, digests, request, False)
            found = [files] if one.unpack is False else await in_thread(_apart, step, tree, digests, files)
            return await written(step, shape, [*parts, *found, *documents_of(one)], tree)


def _apart(step: Step, tree: Tree, digests: FileDigests, files: Files) -> Sequence[Part]:
    """Files of the context; each archive among them apart, to be unpacked if the step is not cached."""
    archives = [item for item in files.items if item.into and item.entry.is_regular and _is_archive(tree, item.entry)]
    if not archives:
        return [files]
    others = [item for item in files.items if item not in archives]
    parts: list[Part] = [Files(tree, others, files.digest, files.keeps)] if others else []
    return [*parts, *(archive(step, partial(tree.open, item.entry), digests.of(item.entry)) for item in archives)]


def _is_archive(tree: Tree, entry: Entry) -> bool:
    with os.fdopen(tree.open(entry), "rb") as stream:
        return is_archive(stream)
