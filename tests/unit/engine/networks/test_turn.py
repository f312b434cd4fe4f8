"""One at a time, but nobody for ever."""

import os
import threading
import time

from wherry.engine.networks.turn import turn

NAME = f"\0wherry-test-{os.getpid()}"


def test_a_second_one_waits_for_the_first() -> None:
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with turn(NAME) as mine:
            assert mine
            inside.set()
            time.sleep(0.05)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with turn(NAME) as mine:
        assert mine
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_who_holds_it_for_ever_is_not_waited_for() -> None:
    with turn(NAME), turn(NAME, patience_seconds=0.01) as mine:
        assert not mine


def test_it_can_be_taken_again() -> None:
    for _ in range(2):
        with turn(NAME) as mine:
            assert mine
