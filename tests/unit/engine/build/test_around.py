"""What the parts of a build share."""

import asyncio

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.around import Imported, Turns
from wherry.engine.build.cache import CachedLayer

LAYER = CachedLayer("sha256:" + "1" * 64, "sha256:" + "2" * 64, "sha256:" + "3" * 64, 1, 1)


async def test_one_at_a_time_under_a_name() -> None:
    turns, order = Turns(), list[str]()

    async def take(name: str, what: str) -> None:
        async with turns.of(name):
            order.append(f"{what} begins")
            await asyncio.sleep(0)
            order.append(f"{what} ends")

    await asyncio.gather(take("a", "1"), take("a", "2"), take("b", "3"))
    assert order.index("1 ends") < order.index("2 begins")
    assert order.index("3 begins") < order.index("1 ends")


async def test_names_that_nobody_waits_for_are_forgotten() -> None:
    turns = Turns()
    async with turns.of("a"):
        assert turns.of("a").locked()
    assert not turns._locks


def test_what_is_not_all_there_is_not_cached(workshop: Workshop) -> None:
    workshop.cache.put("key", LAYER, "RUN x")
    assert workshop.engine.cached("key") is None
    assert not workshop.cache.records()
    assert workshop.engine.cached("other") is None


def test_a_scratch_directory_is_private_and_goes(workshop: Workshop) -> None:
    with pytest.raises(KeyError), workshop.engine.scratch() as path:
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "d").mkdir()
        (path / "d/file").touch()
        raise KeyError
    assert not list(workshop.engine.tmp.iterdir())


def test_of_two_sources_of_a_step_the_first_counts() -> None:
    async def one(layer: CachedLayer) -> None: ...

    async def two(layer: CachedLayer) -> None: ...

    imported = Imported()
    imported.add({"a": LAYER}, one)
    imported.add({"a": LAYER, "b": LAYER}, two)
    assert (imported.steps["a"][1], imported.steps["b"][1]) == (one, two)
