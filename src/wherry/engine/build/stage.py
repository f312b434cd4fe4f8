"""One stage: its base, then its instructions one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from wherry.engine.build.addstep import run_add
from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.copystep import run_copy, run_copy_of, run_workdir
from wherry.engine.build.job import Job, Telling, text_of
from wherry.engine.build.runstep import run_run
from wherry.engine.build.sources import Files
from wherry.engine.build.state import State
from wherry.engine.build.stepping import Step
from wherry.engine.dockerfile import graph
from wherry.engine.dockerfile.graph import Node
from wherry.engine.dockerfile.model import Add, Arg, Copy, Env, Instruction, Run, Workdir
from wherry.engine.dockerfile.resolve import resolved
from wherry.engine.dockerfile.scope import Scope
from wherry.engine.dockerfile.settings import apply, beginning
from wherry.engine.images.model import Image
from wherry.kit.errors import Invalid, Unsupported
from wherry.oci.model import ContainerConfig, History
from wherry.oci.platform import Platform, host

# Each takes its own class: what the keys of the table say, which no type can.
_Maker = Callable[[Step, Any], Awaitable[CachedLayer]]


async def build_stage(job: Job, node: Node) -> State:
    """The stage's end. BuildFailed."""
    vertex = job.vertices.number(node.stage.index, 0)
    with job.telling(vertex, node.origin.location) as telling:
        state = await _begin(job, node, telling)
        telling.result = state.short_id
    for index, instruction in enumerate(node.instructions, 1):
        vertex = job.vertices.number(node.stage.index, index)
        await asyncio.sleep(0)  # instructions that make no layer wait for nothing: others have their turn too
        with job.telling(vertex, instruction.location) as telling:
            state = await _Stage(job, node, telling).step(state, instruction)
            telling.result = state.short_id
    return state


async def _begin(job: Job, node: Node, telling: Telling) -> State:
    """The state after FROM."""
    platform = Platform.parse(node.origin.platform) if node.origin.platform else job.setting.platform
    match node.context or node.base:
        case graph.StageSource(index):
            parent = await job.stage(index)
            settings = beginning(parent.config, parent.settings.author)
            return replace(parent, settings=settings, scope=parent.scope.beginning(()))
        case graph.ScratchSource():
            return _empty(job, platform)
        case graph.ImageSource(reference):
            return await _from_image(job, reference, platform, telling)
        case graph.ContextSource(name):
            said = job.options.contexts.get(name, "")
            if said.startswith("docker-image://"):
                return await _from_image(job, said.removeprefix("docker-image://"), platform, telling)
            return await _from_directory(job, name, node, _empty(job, platform), telling)


def _empty(job: Job, platform: Platform) -> State:
    return State(platform, _epoch(job, 0), settings=beginning(ContainerConfig()), scope=Scope().beginning(()))


async def _from_directory(job: Job, name: str, node: Node, empty: State, telling: Telling) -> State:
    """A stage that is all the files of a build context, which may have the stage's own name."""
    copied = Copy(node.origin.location, ("/",), "/", from_=name)
    made = await run_copy_of(Files(job.context(name)), Step(job, empty, telling, text_of(node.origin)), copied)
    return empty.after(copied, made, job.setting.now_seconds)


def _epoch(job: Job, base_seconds: int) -> int | None:
    """The time of everything made in a stage: what was asked for, else the base image's."""
    if not job.options.reproducible:
        return None
    return base_seconds if job.options.epoch_seconds is None else job.options.epoch_seconds


async def _from_image(job: Job, reference: str, platform: Platform, telling: Telling) -> State:
    base = job.engine.base
    image = await job.base_image(reference, platform, telling.say)
    _check_platform(image, reference, platform)
    config = image.config
    history = tuple(config.history or _invented(image))
    return State(
        platform=Platform.of(config),
        epoch_seconds=_epoch(job, image.created_nanoseconds // 1_000_000_000),
        settings=beginning(config.config, config.author),
        scope=Scope().beginning(config.config.env or ()),
        layers=tuple(base.layers(image)),
        history=history,
        base_layers=len(image.diff_ids),
    )


def _invented(image: Image) -> list[History]:
    """One entry a layer for an image without a history: layers without an entry would be nobody's."""
    return [History(created=image.config.created, created_by="") for _ in image.diff_ids]


def _check_platform(image: Image, reference: str, platform: Platform) -> None:
    found = Platform.of(image.config)
    if not platform.accepts(found):
        raise Invalid(f"image {reference} is for {found}, the build is for {platform}")
    if not host().accepts(found) and found.architecture != host().architecture:
        raise Unsupported(
            f"{found} cannot run on this machine ({host()}): Wherry has no emulation; build on a machine of that kind"
        )


class _Stage:
    """One instruction of a stage."""

    def __init__(self, job: Job, node: Node, telling: Telling) -> None:
        self._job = job
        self._node = node
        self._telling = telling

    async def step(self, state: State, instruction: Instruction) -> State:
        """The state after it."""
        escape = self._job.setting.dockerfile.escape
        if isinstance(instruction, Arg):
            scope, declared = state.scope.declaring(instruction, self._job.setting.globals)
            return replace(state, scope=scope).after(declared, None, self._job.setting.now_seconds)
        one = resolved(instruction, state.scope.lookup, escape)
        scope = state.scope.defining(one) if isinstance(one, Env) else state.scope
        after = replace(state, settings=apply(state.settings, one), scope=scope)
        made = await self._made(after, one)
        return after.after(one, made, self._job.setting.now_seconds)

    async def _made(self, state: State, one: Instruction) -> CachedLayer | None:
        step = Step(self._job, state, self._telling, text_of(one), self._is_fresh())
        if isinstance(one, Workdir):
            return await run_workdir(step)
        maker = _MAKERS.get(type(one))
        return None if maker is None else await maker(step, one)

    def _is_fresh(self) -> bool:
        options = self._job.options
        return options.no_cache or (bool(self._node.stage.name) and self._node.stage.name in options.no_cache_filter)


_MAKERS: Mapping[type[Instruction], _Maker] = MappingProxyType({Run: run_run, Copy: run_copy, Add: run_add})
