"""Of all that went wrong in a task group, what did first; what needs no waiting."""

import asyncio

import pytest

from wherry.kit.tasks import WouldWait, at_once, first_cause


async def test_the_first_failure_is_the_cause_of_nested_groups() -> None:
    async def fail(after: asyncio.Event | None, error: Exception) -> None:
        if after is not None:
            try:
                await after.wait()
            except asyncio.CancelledError as cancelled:
                raise error from cancelled
        raise error

    async def nested(never: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(never, ValueError("while it is ended")))
            group.create_task(fail(None, KeyError("first")))

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(nested(asyncio.Event()))
    cause = first_cause(caught.value)
    assert isinstance(cause, KeyError)
    assert cause.args == ("first",)


def test_what_need_not_wait_is_done_at_once() -> None:
    async def inner(number: int) -> int:
        if number < 0:
            raise ValueError(number)
        return number * 2

    async def outer(number: int) -> int:
        return await inner(number) + 1

    assert at_once(outer(3)) == 7
    with pytest.raises(ValueError):
        at_once(outer(-1))


async def test_what_has_to_wait_is_ended() -> None:
    ended = []

    async def waits() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            ended.append(True)

    with pytest.raises(WouldWait):
        at_once(waits())
    assert ended == [True]
