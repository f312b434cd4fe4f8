"""Of all that went wrong in a task group, what did first."""

import asyncio

import pytest

from wherry.kit.tasks import first_cause


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
