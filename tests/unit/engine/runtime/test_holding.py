"""Who is process 1 for several containers (its life in a namespace: tests/kernel/test_pods.py)."""

import os
import time

from tests.unit.linux.apart import apart
from wherry.engine.runtime.holding import reap


@apart
def test_every_child_that_has_ended_is_reaped_and_nobody_is_waited_for() -> None:
    children = [os.fork() or os._exit(number) for number in range(3)]
    lives = os.fork() or time.sleep(100)
    for child in children:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    reap()
    assert os.waitpid(-1, os.WNOHANG) == (0, 0), "one is left, and lives"
    assert lives
    reap()


@apart
def test_without_children_there_is_nothing_to_do() -> None:
    reap()
