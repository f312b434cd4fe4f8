"""Turns and samples of the benchmarks."""

import pytest
from benchmarks.measure import WARM_UPS, Contest, Sample, in_turn, wait_until


def test_a_sample_has_a_median_and_percentiles() -> None:
    sample = Sample((5.0, 1.0, 3.0, 2.0, 4.0))
    assert sample.median == 3.0
    assert sample.percentile(90) == 5.0
    assert sample.percentile(20) == 1.0


def test_each_side_is_first_in_every_other_round_and_rests_after_its_turn() -> None:
    told: list[str] = []

    def side(name: str) -> Contest:
        def run() -> float:
            told.append(name)
            return 1.0

        return Contest(run, lambda: told.append(f"{name} rests"))

    in_turn(side("ours"), side("peer"), 1)
    assert told[:8] == ["peer", "peer rests", "ours", "ours rests", "ours", "ours rests", "peer", "peer rests"]


def test_the_first_rounds_are_not_counted() -> None:
    numbers = iter(range(100))
    ours, peer = in_turn(Contest(lambda: float(next(numbers))), Contest(lambda: 0.0), 4)
    assert ours.values == tuple(float(WARM_UPS + number) for number in range(4))
    assert len(peer.values) == 4


def test_what_does_not_come_is_named() -> None:
    with pytest.raises(TimeoutError, match="in vain for the moon"):
        wait_until(lambda: False, 0.0, "the moon")
