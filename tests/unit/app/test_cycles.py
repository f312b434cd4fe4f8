"""When the collector of cycles looks."""

import gc
from collections.abc import Iterator

import pytest

from wherry.app.cycles import Seldom


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)


class Ring:
    """A cycle of its own."""

    def __init__(self) -> None:
        self.me = self


def begin(least: int, most: int) -> None:
    gc.collect()
    gc.set_threshold(least, 20, 50)
    gc.callbacks.append(Seldom(least, most))


def test_where_all_stays_it_looks_ever_less() -> None:
    begin(1000, 8000)
    kept = [[number] for number in range(40_000)]
    assert gc.get_threshold() == (8000, 20, 50)
    assert len(kept) == 40_000


def test_where_cycles_are_left_behind_it_looks_as_before() -> None:
    begin(1000, 8000)
    kept = [[number] for number in range(40_000)]
    for _ in range(40_000):
        Ring()
    assert gc.get_threshold()[0] == 1000
    assert len(kept) == 40_000


def test_the_older_ones_say_nothing() -> None:
    begin(1000, 8000)
    gc.collect(1)
    gc.collect(2)
    assert gc.get_threshold()[0] == 1000
