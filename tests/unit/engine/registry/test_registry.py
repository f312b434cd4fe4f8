"""The whole: it starts, collects from time to time, and ends."""

import asyncio

import pytest

from tests.unit.engine.registry.conftest import Depot, chunk
from wherry.engine.registry import registry as registry_module
from wherry.engine.registry.collector import GRACE_SECONDS


async def test_garbage_goes_by_itself(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "COLLECT_SECONDS", 0.001)
    await depot.push_blob("a", b"lost")
    depot.clock.seconds += GRACE_SECONDS
    depot.registry.start()
    async with asyncio.timeout(60):
        while depot.blobs():  # noqa: ASYNC110  # a level: nobody signals it
            await asyncio.sleep(0.001)
    await depot.registry.close()


async def test_a_collection_that_fails_is_tried_again(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = asyncio.Event()
    failures = [OSError("the disk is ill")]

    async def collect() -> None:
        if failures:
            raise failures.pop()
        tried.set()

    monkeypatch.setattr(registry_module, "COLLECT_SECONDS", 0.001)
    monkeypatch.setattr(depot.registry.collector, "collect", collect)
    depot.registry.start()
    await asyncio.wait_for(tried.wait(), 60)
    await depot.registry.close()


async def test_closing_lets_uploads_go_on_elsewhere(depot: Depot) -> None:
    upload = depot.registry.uploads.begin("a")
    await depot.registry.uploads.append("a", upload, chunk(b"hel"))
    await depot.registry.close()
    assert depot.again().registry.uploads.offset("a", upload) == 3
