"""Steps under way."""

import asyncio

import pytest

from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.node.pods.images.pulling import NoImage
from wherry.node.pods.workers.failures import NotStarted
from wherry.node.pods.workers.jobs import Jobs


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ended = 0
        self.jobs = Jobs(self.clock, "web", self.end)

    def end(self) -> None:
        self.ended += 1

    async def fail(self, error: Exception, key: str = "x") -> None:
        async def work() -> None:
            raise error

        self.jobs.start(key, work)
        await self.jobs.drain()


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_job_is_busy_until_it_has_ended(bench: Bench) -> None:
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()

    bench.jobs.start("x", work)
    await bench.clock.advance(0)
    assert bench.jobs.busy == {"x"}
    gate.set()
    await bench.jobs.drain()
    assert (bench.jobs.busy, bench.ended, bench.jobs.troubles) == (frozenset(), 1, {})


async def test_one_that_is_given_up_leaves_no_trouble(bench: Bench) -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    bench.jobs.start("x", work)
    await bench.clock.advance(0)
    bench.jobs.abort("x")
    bench.jobs.abort("nothing")
    assert bench.jobs.busy == {"x"}
    await bench.jobs.drain()
    assert (bench.jobs.busy, bench.jobs.troubles, bench.ended) == (frozenset(), {}, 1)


async def test_waits_between_attempts_grow(bench: Bench) -> None:
    seen = []
    for _ in range(10):
        await bench.fail(Unavailable("no"))
        seen.append(bench.jobs.troubles["x"].until - bench.clock.monotonic())
    assert seen == [0.5, 1, 2, 4, 8, 16, 32, 64, 122, 122]
    assert bench.jobs.troubles["x"].message == "no"


async def test_success_ends_a_trouble(bench: Bench) -> None:
    await bench.fail(Unavailable("no"))

    async def work() -> None:
        pass

    bench.jobs.start("x", work)
    await bench.jobs.drain()
    assert bench.jobs.troubles == {}
    await bench.fail(Unavailable("no"))
    assert bench.jobs.troubles["x"].until == 0.5


async def test_who_knows_better_says_when(bench: Bench) -> None:
    await bench.fail(NotStarted("CreateContainerError", "no", 10.0), "start a")
    await bench.fail(NoImage("ErrImagePull", "404", 20.0, ("ImagePullBackOff", "Back-off")), "start b")
    config, image = bench.jobs.troubles["start a"], bench.jobs.troubles["start b"]
    assert (config.reason, config.until, config.turns_at) == ("CreateContainerError", 10.0, None)
    assert (image.reason, image.until, image.turns_at, image.later[0]) == (
        "ErrImagePull",
        20.0,
        1.0,
        "ImagePullBackOff",
    )


async def test_mistakes_are_troubles_too(bench: Bench) -> None:
    await bench.fail(KeyError("oops"))
    assert bench.jobs.troubles["x"].message == "KeyError: 'oops'"


async def test_what_has_changed_is_forgiven(bench: Bench) -> None:
    for key in ("start a", "start b", "volumes", "status"):
        await bench.fail(Unavailable("no"), key)
    bench.jobs.forgive("start ", "volumes")
    assert set(bench.jobs.troubles) == {"status"}
