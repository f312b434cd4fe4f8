"""Messages while an operation runs."""

import asyncio

import pytest

from wherry.engine.images.progress import Report, streamed


async def test_messages_come_in_order_and_then_the_end() -> None:
    async def run(report: Report) -> None:
        report({"n": 1})
        await asyncio.sleep(0)
        report({"n": 2})

    assert [message async for message in streamed(run)] == [{"n": 1}, {"n": 2}]


async def test_an_error_comes_after_the_messages() -> None:
    async def run(report: Report) -> None:
        report({"n": 1})
        raise ValueError("no")

    seen = []
    with pytest.raises(ValueError, match="no"):
        async for message in streamed(run):
            seen.append(message)
    assert seen == [{"n": 1}]


async def test_leaving_early_ends_the_operation() -> None:
    ended = asyncio.Event()

    async def run(report: Report) -> None:
        try:
            report({"n": 1})
            await asyncio.sleep(3600)
        finally:
            ended.set()

    stream = streamed(run)
    assert await anext(stream) == {"n": 1}
    await stream.aclose()  # type: ignore[attr-defined]  # an async generator behind the iterator
    assert ended.is_set()
