"""A trouble in the log."""

import logging
from collections.abc import Callable, Iterator

import pytest

from wherry.app import troubles
from wherry.app.troubles import LONG_SECONDS, QUIET_SECONDS, Troubles
from wherry.kit.errors import NotFound, Unavailable
from wherry.kube.machinery import status

AWAY = Unavailable("etcd at x:1 does not answer: refused")
log = logging.getLogger("wherry.of.a.test")


class Book:
    """What is written, with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.handler = logging.Handler()
        self.lines: list[str] = []
        self.handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]
        self.handler.addFilter(Troubles(lambda: self.now, self.later))

    def later(self, seconds: float, look: Callable[[], None]) -> None:
        self.due.append((self.now + seconds, look))

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and min(self.due)[0] <= end:
            first = min(self.due, key=lambda each: each[0])
            self.due.remove(first)
            self.now = first[0]
            first[1]()
        self.now = end


@pytest.fixture
def book() -> Iterator[Book]:
    found = Book()
    logger = logging.getLogger("wherry")
    logger.addHandler(found.handler)
    yield found
    logger.removeHandler(found.handler)


def test_a_trouble_is_a_line_when_it_begins_and_one_when_it_is_quiet(book: Book) -> None:
    log.warning("the watch ended: %s", AWAY)
    for _ in range(8):
        book.advance(1)
        log.warning("GET %s: %s", "/x", Unavailable("etcd at x:1 does not answer: reset"))
    assert book.lines == ["the watch ended: etcd at x:1 does not answer: refused"]
    book.advance(QUIET_SECONDS * 2)
    assert book.lines[1:] == ["etcd at x:1 does not answer: 8 times more in 8 s"]
    log.warning("GET %s: %s", "/x", AWAY)
    assert book.lines[2:] == ["GET /x: etcd at x:1 does not answer: refused"], "that is another"
    book.advance(QUIET_SECONDS * 2)
    assert len(book.lines) == 3, "it was alone"


def test_one_that_goes_on_is_told_of_again(book: Book) -> None:
    for _ in range(int(LONG_SECONDS) + 2 * int(QUIET_SECONDS)):
        log.warning("%s", AWAY)
        book.advance(1)
    assert len(book.lines) == 3 and book.lines[1].startswith("etcd at x:1 does not answer: ")


def test_others_are_not_held_back_by_it(book: Book) -> None:
    """Nor what is no trouble, what is a fault of ours, and what nobody would tell the number of later."""
    for _ in range(2):
        log.warning("%s", AWAY)
        log.warning("%s", status.StatusError(503, "ServiceUnavailable", "the disk is full: make room"))
        log.warning("%s", status.StatusError(404, "NotFound", "none"))
        log.warning("%s of %s", "nothing", NotFound("none"))
        log.error("fault", exc_info=AWAY)
        log.warning("said: %(what)s", {"what": AWAY})
        log.warning("plain")
    passed = ["none", "nothing of none", "fault", f"said: {AWAY}", "plain"]
    assert book.lines == [str(AWAY), "the disk is full: make room", *passed, *passed]


def test_in_a_thread_every_line_is_written() -> None:
    record = log.makeRecord("wherry", logging.WARNING, "", 0, "%s", (AWAY,), None)
    found = Troubles()
    assert found.filter(record) and found.filter(record)


async def test_in_the_loop_the_second_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "QUIET_SECONDS", 0.0)
    record = log.makeRecord("wherry", logging.WARNING, "", 0, "%s", (AWAY,), None)
    found = Troubles()
    assert found.filter(record) and not found.filter(record)
