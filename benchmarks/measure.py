"""Take turns and keep times."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

# What is measured first pays for caches that everything after it finds warm.
WARM_UPS = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """One quantity measured several times, in milliseconds or megabytes."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def percentile(self, percent: int) -> float:
        """The smallest value that at least ``percent`` of them do not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


@dataclass(frozen=True, slots=True)
class Contest:
    """``run`` returns what it measured; ``rest`` waits, unmeasured, until nothing of it goes on."""

    run: Callable[[], float]
    rest: Callable[[], None] = lambda: None


def in_turn(ours: Contest, peer: Contest, rounds: int, warm_ups: int = WARM_UPS) -> tuple[Sample, Sample]:
    """Run both ``rounds`` times, alternating, each first in every other round."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    gc.disable()
    try:
        for number in range(rounds + warm_ups):
            for is_ours in (True, False) if number % 2 else (False, True):
                contest = ours if is_ours else peer
                value = contest.run()
                contest.rest()
                if number >= warm_ups:
                    taken[is_ours].append(value)
    finally:
        gc.enable()
    return Sample(tuple(taken[True])), Sample(tuple(taken[False]))


class Watch:
    """``with Watch() as watch: …`` then ``watch.milliseconds``."""

    milliseconds = 0.0

    def __enter__(self) -> "Watch":
        self._begin = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.milliseconds = (time.perf_counter() - self._begin) * 1000


def wait_until(predicate: Callable[[], bool], seconds: float, what: str) -> None:
    """Look every two milliseconds; TimeoutError saying ``what`` did not come."""
    deadline = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.002)
