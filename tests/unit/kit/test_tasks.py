"""Of all that went wrong in a task group, what did first; what needs no waiting; what
may not take too long."""

import asyncio

import pytest

from wherry.kit.tasks import SameLimit, WouldWait, at_once, end_if_cancelled, first_cause


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


async def test_who_goes_on_after_failures_ends_all_the_same() -> None:
    begun, first = list[int](), asyncio.Event()

    async def failing() -> None:
        begun.append(1)
        first.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("of all moments")

    async def goes_on() -> None:
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(failing())
            except Exception as error:
                end_if_cancelled(error)
                await asyncio.sleep(0)

    task = asyncio.create_task(goes_on())
    await first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert begun == [1]


async def test_a_failure_that_is_no_end_is_none() -> None:
    end_if_cancelled(ValueError("go on"))


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


async def test_who_is_too_slow_is_ended_and_others_are_not() -> None:
    limit, said = SameLimit(0.05), []

    async def work(name: str, seconds: float) -> None:
        try:
            with limit():
                await asyncio.sleep(seconds)
            said.append(f"{name} done")
        except TimeoutError:
            said.append(f"{name} out of time")

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("a", 60.0), ("b", 0.0), ("c", 60.0)):
            group.create_task(work(name, seconds))
    assert said == ["b done", "a out of time", "c out of time"]
    await work("d", 60.0)  # the timer is set anew
    await work("e", 0.0)
    assert said[3:] == ["d out of time", "e done"]


async def test_a_later_one_has_its_whole_time() -> None:
    limit, finished = SameLimit(2.0), asyncio.Event()

    async def short() -> None:
        with pytest.raises(TimeoutError), limit():
            await asyncio.sleep(60)

    async def later() -> None:
        await asyncio.sleep(1.0)
        with limit():
            await finished.wait()

    async with asyncio.TaskGroup() as group:
        first = group.create_task(short())
        second = group.create_task(later())
        await first
        assert not second.done()
        finished.set()


async def test_a_cancelled_block_stays_cancelled() -> None:
    limit = SameLimit(60)

    async def work() -> None:
        with limit():
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_errors_come_through() -> None:
    limit = SameLimit(60)
    with pytest.raises(KeyError), limit():
        raise KeyError("x")


def test_a_limit_needs_a_task() -> None:
    with pytest.raises(RuntimeError):
        SameLimit(1)()
