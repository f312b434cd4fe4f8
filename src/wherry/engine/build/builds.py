"""Builds: a Dockerfile and its files become an image of this machine."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from wherry.engine.build.around import Engine
from wherry.engine.build.cache import Record
from wherry.engine.build.context import opened
from wherry.engine.build.exporting import image_config, store
from wherry.engine.build.ignore import Matcher, parse_ignore
from wherry.engine.build.job import Job, Setting, Vertices
from wherry.engine.build.model import BuildFailed, Options, Source, Tell
from wherry.engine.build.stage import build_stage
from wherry.engine.build.state import State
from wherry.engine.build.upload import ignore_of, source_of, uploaded
from wherry.engine.dockerfile import graph
from wherry.engine.dockerfile.errors import InvalidDockerfile, excerpt
from wherry.engine.dockerfile.graph import Graph, Names, Surroundings, needed_stages
from wherry.engine.dockerfile.model import Dockerfile, Instruction
from wherry.engine.dockerfile.parser import parse, parse_trigger
from wherry.engine.dockerfile.scope import Globals, global_scope, platform_arguments
from wherry.engine.images import Images
from wherry.engine.images.model import Image
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid
from wherry.oci.platform import Platform, host
from wherry.oci.reference import Reference

_EPOCH = "SOURCE_DATE_EPOCH"
_REPRODUCIBLE = "WHERRY_REPRODUCIBLE"
_OFF = ("0", "false", "no", "off")


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
    """Any number at a time; steps that two of them have in common are made once."""

    def __init__(self, engine: Engine, images: Images) -> None:
        self._engine = engine
        self._images = images

    async def build(self, source: Source, options: Options, tags: Sequence[Reference], tell: Tell) -> Built:
        """Build and name the image. BuildFailed says which step failed; Invalid what cannot be built at all.

        Steps that were made stay in the cache, whatever becomes of the build. Cancelling ends what runs.
        """
        options = _settled(options)
        try:
            dockerfile = parse(source.dockerfile)
            platform = Platform.parse(options.platform)
            globals_ = _globals(dockerfile, options, platform)
        except InvalidDockerfile as error:
            raise _located(error, source.dockerfile, source.dockerfile_name) from error
        names = Names(tuple(stage.name for stage in dockerfile.stages), frozenset(options.contexts))
        now = self._engine.now() // 1_000_000_000
        setting = Setting(dockerfile, source.dockerfile_name, options, globals_, names, platform, now)
        async with AsyncExitStack() as stack:
            work = await stack.enter_async_context(self._images.work())
            scratch = await in_thread(stack.enter_context, self._engine.scratch())
            job = Job(self._engine, setting, work, tell, Vertices(tell), scratch)
            for name, path, matcher in _contexts(source, options):
                context = opened(path, self._engine.cache, matcher, source.is_passing)
                job.contexts[name] = stack.enter_context(context)
            try:
                state = await self._stages(job)
                image = await self._export(job, state, tags)
            finally:
                await in_thread(self._settle)
        return Built(image)

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
        records = cache.records()
        left = sum(record.layer.unpacked_bytes for record in records)
        gone: list[Record] = []
        for record in records:
            if left <= keep_bytes and keep_bytes:
                break
            in_image = self._images.owns_snapshot(record.layer.chain_id)
            if now - record.used >= older_nanoseconds and (everything or not in_image):
                gone.append(record)
                left -= record.layer.unpacked_bytes
        cache.forget(record.key for record in gone)
        if everything:
            cache.forget_facts()
        freed = {record.layer.chain_id: record.layer.unpacked_bytes for record in gone}
        freed = {chain: size for chain, size in freed.items() if not self._images.owns_snapshot(chain)}
        await self._images.discard({record.layer.blob for record in gone}, {record.layer.chain_id for record in gone})
        return Pruned([record.key for record in gone], sum(freed.values()))

    def usage(self) -> Sequence[Record]:
        """What is in the cache, for ``docker system df``."""
        return self._engine.cache.records()

    def _settle(self) -> None:
        """What was made is on the disk before anybody believes so."""
        if not self._engine.cache.is_settled:
            self._engine.snapshots.sync()
            self._engine.cache.settled()

    # Stages

    async def _stages(self, job: Job) -> State:
        found = await self._graph(job)
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

    async def _graph(self, job: Job) -> Graph:
        """The needed stages, with what base images left to be done by who builds on them (ONBUILD)."""
        setting = job.setting
        triggers: dict[int, Sequence[Instruction]] = {}
        while True:
            surroundings = Surroundings(setting.globals, frozenset(setting.options.contexts), triggers)
            try:
                found = needed_stages(setting.dockerfile, setting.options.target, surroundings)
                more = await self._triggers(job, found)
            except InvalidDockerfile as error:
                raise _located(error, setting.dockerfile.source, setting.dockerfile_name) from error
            if more.keys() <= triggers.keys():
                return found
            triggers |= more

    async def _triggers(self, job: Job, found: Graph) -> dict[int, Sequence[Instruction]]:
        triggers: dict[int, Sequence[Instruction]] = {}
        for node in found.nodes:
            if isinstance(node.base, graph.ImageSource) and node.context is None:
                reference = node.base.reference
                try:
                    image = job.engine.base.known(reference)
                except Invalid as error:
                    raise InvalidDockerfile(error.message, node.origin.location) from error
                if image is None or job.options.pull:
                    platform = Platform.parse(node.origin.platform) if node.origin.platform else job.setting.platform
                    image = await job.base_image(reference, platform, lambda document: None)
                texts = image.config.config.on_build or ()
                if texts:
                    triggers[node.stage.index] = [parse_trigger(text, node.origin.location) for text in texts]
        return triggers

    # The image

    async def _export(self, job: Job, state: State, tags: Sequence[Reference]) -> Image:
        config = image_config(state, job.options.labels, job.setting.now_seconds)
        candidate = await in_thread(store, self._engine.content, job.work, state, config)
        await in_thread(self._settle)
        return await self._images.add(job.work, candidate, config, tags)


def _settled(options: Options) -> Options:
    """Build arguments that mean something to the builder itself."""
    epoch = options.build_args.get(_EPOCH, "")
    if epoch:
        if not (epoch.isascii() and epoch.isdigit() and len(epoch) < 12):
            raise Invalid(f"invalid {_EPOCH}: {epoch!r} is no number of seconds since 1970")
        options = replace(options, epoch_seconds=int(epoch))
    if options.build_args.get(_REPRODUCIBLE, "").lower() in _OFF:
        options = replace(options, reproducible=False)
    return options


def _globals(dockerfile: Dockerfile, options: Options, platform: Platform) -> Globals:
    stage = dockerfile.stages[graph.target_index([stage.name for stage in dockerfile.stages], options.target)]
    automatic = platform_arguments(host(), platform, stage.name)
    return global_scope(dockerfile, options.build_args, automatic)


def _contexts(source: Source, options: Options) -> Iterator[tuple[str, Path, Matcher | None]]:
    """The directories that files come from, by name; the build's own has none."""
    if source.context is not None:
        patterns = parse_ignore(source.ignore)
        yield "", source.context, Matcher(patterns) if patterns else None
    for name, said in options.contexts.items():
        if "://" in said:
            continue
        path = Path(said)
        if not path.is_absolute() or not path.is_dir():
            raise Invalid(f"build context {name!r}: {said} is no directory")
        ignore = path / ".dockerignore"
        patterns = parse_ignore(ignore.read_text(errors="replace")) if ignore.is_file() else []
        yield name, path, Matcher(patterns) if patterns else None


def _located(error: InvalidDockerfile, text: str, name: str) -> BuildFailed:
    shown = excerpt(text, error.location, name) if error.location is not None else ""
    return BuildFailed(error.message, shown)
