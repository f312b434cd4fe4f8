"""Controllers that fail."""

import asyncio

import pytest

from tests.suites.storetools import wait_until
from wherry.app import controlling
from wherry.app.controlling import Faults, kept
from wherry.kit.errors import Unavailable


async def test_a_controller_that_fails_is_told_of_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controlling, "_AGAIN_SECONDS", 0.2)
    faults, starts, end = Faults(), list[int](), asyncio.Event()

    async def run() -> None:
        starts.append(len(faults.told))
        if len(starts) < 3:
            raise ValueError("it cannot")
        await end.wait()

    task = asyncio.create_task(kept(run, "things", faults))
    await wait_until(lambda: bool(faults.told))
    await faults.scheduler()
    with pytest.raises(Unavailable, match="things: it cannot"):
        await faults.controllers()
    await wait_until(lambda: len(starts) == 3)
    await faults.controllers()
    assert starts == [0, 0, 0], "a fault is past when it runs again"
    end.set()
    await task


async def test_the_scheduler_is_a_component_of_its_own() -> None:
    faults = Faults()
    faults.told["scheduler"] = "no nodes file"
    await faults.controllers()
    with pytest.raises(Unavailable, match="no nodes file"):
        await faults.scheduler()
