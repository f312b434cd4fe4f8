"""The shim's event loop: descriptors and deadlines, one after the other."""

import os
import socket
from collections.abc import Iterator

import pytest

from wherry.engine.runtime.loop import GONE, READ, WRITE, Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    loop.later(5, loop.stop)  # a test that waits in vain ends
    yield loop
    loop._poll.close()


def pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return ours, theirs


def test_a_handler_is_told_what_can_be_done(loop: Loop) -> None:
    ours, theirs = pair()
    seen: list[int] = []

    def ready(events: int) -> None:
        seen.append(events)
        if events & READ:
            assert ours.recv(10) == b"x"
            loop.stop()

    loop.watch(ours.fileno(), READ, ready)
    theirs.send(b"x")
    loop.run()
    assert seen == [READ]


def test_what_is_watched_can_be_changed(loop: Loop) -> None:
    ours, _theirs = pair()
    seen: list[int] = []
    loop.watch(ours.fileno(), READ, lambda events: seen.append(-1))

    def ready(events: int) -> None:
        seen.append(events)
        loop.stop()

    loop.watch(ours.fileno(), WRITE, ready)
    loop.run()
    assert seen == [WRITE]


def test_the_end_of_the_other_side_is_told_even_to_who_asks_for_nothing(loop: Loop) -> None:
    ours, theirs = pair()
    seen: list[int] = []

    def ready(events: int) -> None:
        seen.append(events & GONE)
        loop.stop()

    loop.watch(ours.fileno(), 0, ready)
    theirs.close()
    loop.run()
    assert seen != [0]


def test_a_forgotten_descriptor_is_told_no_more_also_in_the_same_round(loop: Loop) -> None:
    pairs = [pair(), pair()]
    seen: list[int] = []

    def ready(number: int) -> None:
        seen.append(number)
        for ours, _ in pairs:
            loop.forget(ours.fileno())
        loop.later(0, loop.stop)

    for number, (ours, theirs) in enumerate(pairs):
        loop.watch(ours.fileno(), READ, lambda events, number=number: ready(number))  # type: ignore[misc]
        theirs.send(b"x")
    loop.run()
    assert len(seen) == 1


def test_a_descriptor_is_forgotten_as_often_as_one_likes_and_watched_again(loop: Loop) -> None:
    ours, theirs = pair()
    loop.watch(ours.fileno(), READ, lambda events: None)
    for _ in range(2):
        loop.forget(ours.fileno())
    loop.watch(ours.fileno(), READ, lambda events: loop.stop())
    theirs.send(b"x")
    loop.run()


def test_deadlines_come_in_their_order_and_once(loop: Loop) -> None:
    seen: list[str] = []
    loop.later(0.02, loop.stop)
    loop.later(0.01, lambda: seen.append("second"))
    loop.later(0, lambda: seen.append("first"))
    loop.run()
    assert seen == ["first", "second"]


def test_a_deadline_may_set_another(loop: Loop) -> None:
    seen: list[int] = []

    def again() -> None:
        seen.append(len(seen))
        if len(seen) == 3:
            loop.stop()
        else:
            loop.later(0, again)

    loop.later(0, again)
    loop.run()
    assert seen == [0, 1, 2]


def test_a_stop_lets_the_round_finish_and_nothing_more(loop: Loop) -> None:
    read, write = os.pipe()
    loop.watch(read, READ, lambda events: None)
    loop.stop()
    os.write(write, b"x")
    loop.run()
    assert os.read(read, 1) == b"x"
    os.close(read)
    os.close(write)
