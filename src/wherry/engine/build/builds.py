"""Builds: a Dockerfile and its files become an image of this machine."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from wherry.engine.build.around import Engine
from wherry.engine.build.cache import Record
from wherry.engine.build.context import opened
from wherry.engine.build.exchange import export_caches, import_caches
from wherry.engine.build.exporting import image_config, store
from wherry.engine.build.fetching import fetched, is_address
from wherry.engine.build.inline import with_keys
from wherry.engine.build.job import Job, Vertices
from wherry.engine.build.model import Options, Source, Tell
from wherry.engine.build.planning import contexts_of, graph_of, refuse_findings, setting_of, warn
from wherry.engine.build.squashing import squashed
from wherry.engine.build.stage import build_stage
from wherry.engine.build.state import State
from wherry.engine.build.upload import ignore_of, source_of, uploaded
from wherry.engine.dockerfile.graph import Graph
from wherry.engine.images import Images
from wherry.engine.images.model import Image
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid
from wherry.oci.decode import DOCUMENT_LIMIT_BYTES
from wherry.oci.model import encode
from wherry.oci.reference import Reference


@dataclass(frozen=True, slots=True)
class Built:
    """``warnings``: what was asked for and had no effect."""

    image: Image
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Pruned:
    """``keys`` of the steps that were forgotten; ``bytes`` that went with them."""

    keys: Sequence[str]
    bytes: int


class Builds:
    """Any number at a time; steps that two of them have in common are made once.

    ``cache_bytes``: what steps that no image has may take; after each build the least recently used go.
    """

    def __init__(self, engine: Engine, images: Images, cache_bytes: int) -> None:
        self._engine = engine
        self._images = images
        self._cache_bytes = cache_bytes

    async def build(self, source: Source, options: Options, tags: Sequence[Reference], tell: Tell) -> Built:
        """Build and name the image. BuildFailed says which step failed; Invalid what cannot be built at all.

        Steps that were made stay in the cache, whatever becomes of the build. Cancelling ends what runs.
        """
        async with AsyncExitStack() as stack:
            there = await self._fetched_contexts(options, stack)
            options = replace(options, contexts={**options.contexts, **there})
            setting = await in_thread(setting_of, source, options, self._engine.now() // 1_000_000_000)
            work = await stack.enter_async_context(self._images.work())
            scratch = await in_thread(stack.enter_context, self._engine.scratch())
            job = Job(self._engine, setting, work, tell, Vertices(tell), scratch)
            ignore = None
            for name, path, matcher in contexts_of(source, setting.options):
                context = opened(path, self._engine.cache, matcher, source.is_passing or name in there)
                job.contexts[name] = stack.enter_context(context)
                ignore = ignore if name else matcher
            try:
                await import_caches(job)
                found = await graph_of(job)
                findings = await warn(job, found, ignore, tell)
                state = await self._stages(job, found)
                refuse_findings(job, findings)
                image = await self._export(job, state, tags)
            finally:
                await in_thread(self._settle)
        await self.prune(everything=False, keep_bytes=self._cache_bytes)
        return Built(image)

    async def _fetched_contexts(self, options: Options, stack: AsyncExitStack) -> dict[str, str]:
        """Where the named contexts are that were given by their addresses, as long as the stack lasts."""
        return {
            name: str(await stack.enter_async_context(fetched(self._engine, said)))
            for name, said in options.contexts.items()
            if is_address(said)
        }

    def fetched(self, address: str, keep_git: bool = False) -> AbstractAsyncContextManager[Path]:
        """See :func:`fetching.fetched`."""
        return fetched(self._engine, address, keep_git)

    def uploaded(self, chunks: AsyncIterator[bytes]) -> AbstractAsyncContextManager[Path]:
        """See :func:`upload.uploaded`."""
        return uploaded(self._engine, chunks)

    @staticmethod
    def source_of(directory: Path, name: str, is_passing: bool = False) -> Source:
        """See :func:`upload.source_of`."""
        return source_of(directory, name, is_passing)

    @staticmethod
    def ignore_of(directory: Path) -> str:
        """See :func:`upload.ignore_of`."""
        return ignore_of(directory)

    async def prune(self, everything: bool, keep_bytes: int = 0, older_nanoseconds: int = 0) -> Pruned:
        """Forget steps, the least recently used first, until what is left takes ``keep_bytes`` at most.

        ``older_nanoseconds``: only those that were not used for so long. Layers that images have stay with them;
        ``everything`` forgets the steps of those too.
        """
        cache, now = self._engine.cache, self._engine.now()
        shared = self._images.owns_snapshot
        records = [record for record in cache.records() if everything or not shared(record.layer.chain_id)]
        left = sum(record.layer.unpacked_bytes for record in records)
        gone: list[Record] = []
        for record in records:
            if left <= keep_bytes and keep_bytes:
                break
            if now - record.used >= older_nanoseconds:
                gone.append(record)
                left -= record.layer.unpacked_bytes
        cache.forget(record.key for record in gone)
        if everything:
            cache.forget_facts()
        freed = {record.layer.chain_id: record.layer.unpacked_bytes for record in gone}
        freed = {chain: size for chain, size in freed.items() if not self._images.owns_snapshot(chain)}
        await self._images.discard({record.layer.blob for record in gone}, {record.layer.chain_id for record in gone})
        return Pruned([record.key for record in gone], sum(freed.values()))

    def _settle(self) -> None:
        """What was made is on the disk before anybody believes so."""
        if not self._engine.cache.is_settled:
            self._engine.snapshots.sync()
            self._engine.cache.settled()

    # Stages

    async def _stages(self, job: Job, found: Graph) -> State:
        job.vertices.plan(found)
        try:
            for node in found.nodes:
                job.stages[node.stage.index] = asyncio.ensure_future(build_stage(job, node))
            return await self._first_failure(job, found)
        finally:
            for task in job.stages.values():
                task.cancel()
            await asyncio.gather(*job.stages.values(), return_exceptions=True)

    @staticmethod
    async def _first_failure(job: Job, found: Graph) -> State:
        """The target's state, or the error of whichever stage fails first."""
        waiting = set(job.stages.values())
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        return job.stages[found.target].result()

    # The image

    async def _export(self, job: Job, state: State, tags: Sequence[Reference]) -> Image:
        await export_caches(job, state.chain_ids)
        if job.options.squash:
            state = await in_thread(squashed, self._engine, state, state.base_layers, job.work)
        config = image_config(state, job.options.labels, job.setting.now_seconds)
        document = encode(config)
        if job.options.inline_cache:
            document = with_keys(document, state, job.made)
        if len(document) > DOCUMENT_LIMIT_BYTES:
            raise Invalid(
                f"the image's configuration has {len(document)} bytes; nobody reads more than {DOCUMENT_LIMIT_BYTES}"
            )
        candidate = await in_thread(store, self._engine.content, job.work, state, document)
        await in_thread(self._settle)
        return await self._images.add(job.work, candidate, config, tags)
