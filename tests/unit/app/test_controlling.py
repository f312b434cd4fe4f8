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


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (Unavailable("etcd is away"), "controller things: etcd is away; starting it again"),
        (ExceptionGroup("", [Unavailable("etcd is away")]), "controller things: etcd is away; starting it again"),
        (ExceptionGroup("", [Unavailable("etcd is away"), KeyError("x")]), ""),
        (KeyError("x"), ""),
    ],
)
async def test_what_is_known_to_go_wrong_is_a_line_and_a_fault_a_trace(
    error: Exception, line: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(controlling, "_AGAIN_SECONDS", 0.0)
    errors = [error]

    async def run() -> None:
        if errors:
            raise errors.pop()

    await kept(run, "things", Faults())
    (record,) = caplog.records
    assert (record.getMessage() == line) == bool(line)
    assert (record.exc_info is None) == bool(line)


async def test_a_controller_that_fails_while_it_is_cancelled_is_not_started_again() -> None:
    """A TaskGroup raises the errors of its tasks, where there are any, rather than that it was cancelled."""
    begun = list[int]()

    async def worker() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("of all moments")

    async def run() -> None:
        begun.append(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(worker())

    task = asyncio.create_task(kept(run, "things", Faults()))
    await wait_until(lambda: bool(begun))
    await asyncio.sleep(0)  # the worker waits
    task.cancel()
    await asyncio.wait([task], timeout=controlling._AGAIN_SECONDS * 3)
    assert task.cancelled() and begun == [1]


async def test_the_scheduler_is_a_component_of_its_own() -> None:
    faults = Faults()
    faults.told["scheduler"] = "no nodes file"
    await faults.controllers()
    with pytest.raises(Unavailable, match="no nodes file"):
        await faults.scheduler()
