"""One instruction: looked for, made, remembered."""

import asyncio
from typing import Any

import pytest

from tests.unit.engine.build.test_job import job
from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.copying import Document, Shape, copy
from wherry.engine.build.job import Telling
from wherry.engine.build.layers import Target
from wherry.engine.build.state import State
from wherry.engine.build.stepping import Step
from wherry.kit.errors import Invalid
from wherry.oci.platform import host


class Maker:
    """Makes a layer with one file, and counts how often."""

    def __init__(self, workshop: Workshop, content: bytes = b"x") -> None:
        self._engine = workshop.engine
        self._content = content
        self.times = 0

    async def __call__(self, target: Target) -> CachedLayer:
        self.times += 1
        return copy(self._engine, Shape("/f"), [Document("f", self._content)], target)


def step(workshop: Workshop, **more: Any) -> Step:
    made, told = job(workshop)
    return Step(made, State(host(), 0), Telling(told.append, 1), "RUN x", **more)


async def test_it_is_made_once(workshop: Workshop) -> None:
    maker, one, two = Maker(workshop), step(workshop), step(workshop)
    layer = await one.made("key", maker)
    assert await two.made("key", maker) == layer
    assert maker.times == 1
    assert (one.telling.cached, two.telling.cached) == (False, True)
    assert one.job.made == two.job.made == {"key": layer}
    (record,) = workshop.cache.records()
    assert (record.description, record.uses) == ("RUN x", 1)


async def test_anew(workshop: Workshop) -> None:
    maker = Maker(workshop)
    await step(workshop).made("key", maker)
    await step(workshop, fresh=True).made("key", maker)
    assert maker.times == 2
    assert await step(workshop, fresh=True).found("key") is None
    assert await step(workshop).found("key") is not None


async def test_two_at_once(workshop: Workshop) -> None:
    maker = Maker(workshop)
    layers = await asyncio.gather(*(step(workshop).made("key", maker) for _ in range(3)))
    assert (maker.times, len(set(layers))) == (1, 1)


async def test_a_failure_is_not_remembered(workshop: Workshop) -> None:
    async def fail(target: Target) -> CachedLayer:
        raise Invalid("no")

    with pytest.raises(Invalid):
        await step(workshop).made("key", fail)
    maker = Maker(workshop)
    await step(workshop).made("key", maker)
    assert maker.times == 1


async def test_what_does_not_hold_is_not_remembered(workshop: Workshop) -> None:
    async def never() -> bool:
        return False

    one = step(workshop)
    assert await one.made("key", Maker(workshop), never)
    assert not workshop.cache.records()
    assert not one.job.made


async def test_a_layer_for_every_base(workshop: Workshop) -> None:
    maker = Maker(workshop)
    first = await step(workshop).made_anywhere("fact", "key on nothing", maker)
    base = await step(workshop).made("base", Maker(workshop, b"base"))
    made, told = job(workshop)
    state = State(host(), 0).after(made.setting.dockerfile.stages[0].instructions[0], base, 0)
    on_base = Step(made, state, Telling(told.append, 1), "COPY --link")
    second = await on_base.made_anywhere("fact", "key on base", maker)
    assert maker.times == 1
    assert (first.diff_id, first.blob) == (second.diff_id, second.blob)
    assert first.chain_id != second.chain_id
    assert on_base.telling.cached
    assert await on_base.found("key on base") == second


async def test_what_was_made_elsewhere(workshop: Workshop) -> None:
    layer = await step(workshop).made("key", Maker(workshop))
    workshop.cache.forget(["key"])
    brought = []

    async def bring(one: CachedLayer) -> None:
        brought.append(one)

    async def broken(one: CachedLayer) -> None:
        raise Invalid("it is another")

    importing = step(workshop)
    importing.job.imported.add({"key": layer, "bad": layer}, bring)
    assert await importing.found("key") == layer
    assert (brought, importing.telling.cached) == ([layer], True)
    assert workshop.cache.find("key") == layer
    other = step(workshop)
    other.job.imported.add({"other": layer}, broken)
    assert await other.found("other") is None
    assert await step(workshop, fresh=True).found("nothing") is None
