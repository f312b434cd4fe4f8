"""Who waits for a container's end or removal."""

import pytest

from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import State
from wherry.engine.containers.waiting import CONDITIONS, Waiting
from wherry.kit.errors import Invalid


@pytest.mark.parametrize("state", [State.CREATED, State.EXITED])
async def test_what_does_not_run_is_answered_at_once(state: State) -> None:
    waiter = Waiting().wait(row(state=state, exit_code=3), "not-running")
    assert (await waiter).status_code == 3


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.RESTARTING])
async def test_an_active_container_is_waited_for(state: State) -> None:
    assert not Waiting().wait(row(state=state), "not-running").done()


async def test_an_end_answers_those_who_wait_for_an_exit() -> None:
    waiting, container = Waiting(), row(state=State.RUNNING)
    waiters = {condition: waiting.wait(container, condition) for condition in CONDITIONS}
    container.state, container.exit_code = State.EXITED, 7
    waiting.ended(container)
    assert (await waiters["next-exit"]).status_code == 7
    assert (await waiters["not-running"]).status_code == 7
    assert not waiters["removed"].done()
    waiting.removed(container)
    assert (await waiters["removed"]).status_code == 7


async def test_not_running_waits_on_while_the_policy_restarts() -> None:
    waiting, container = Waiting(), row(state=State.RUNNING)
    stopped, exit_ = waiting.wait(container, "not-running"), waiting.wait(container, "next-exit")
    container.state = State.RESTARTING
    waiting.ended(container)
    assert exit_.done()
    assert not stopped.done()


async def test_a_removal_answers_everybody() -> None:
    waiting, container = Waiting(), row(state=State.RUNNING)
    waiters = [waiting.wait(container, condition) for condition in CONDITIONS]
    waiting.removed(container)
    assert all(waiter.done() for waiter in waiters)


async def test_others_are_not_answered() -> None:
    waiting = Waiting()
    waiter = waiting.wait(row(id="a" * 64, state=State.RUNNING), "next-exit")
    waiting.ended(row(id="b" * 64))
    assert not waiter.done()


async def test_a_cancelled_wait_harms_nobody() -> None:
    waiting, container = Waiting(), row(state=State.RUNNING)
    gone, stays = waiting.wait(container, "removed"), waiting.wait(container, "removed")
    gone.cancel()
    waiting.removed(container)
    assert stays.done()


async def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(Invalid, match='invalid condition: "later"'):
        Waiting().wait(row(), "later")
