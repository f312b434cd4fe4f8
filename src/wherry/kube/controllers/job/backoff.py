"""How long to wait before a pod that failed is replaced: pure (backoff_utils.go)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from wherry.kube.controllers.job.view import failures_of, finished_at
from wherry.kube.machinery.model import Object

FIRST_SECONDS = 10.0
LONGEST_SECONDS = 600.0


class Record(msgspec.Struct, frozen=True):
    """Failures since the last success, and when the last of them was. It is in memory alone: after a start the first
    pod is made at once."""

    failures: int = 0
    last: datetime | None = None

    def seconds_left(self, now: datetime) -> float:
        """Until another pod may be made; 0: now."""
        if not self.failures or self.last is None:
            return 0.0
        pause = min(FIRST_SECONDS * 2.0 ** min(self.failures - 1, 32), LONGEST_SECONDS)
        return max(pause - (now - self.last).total_seconds(), 0.0)


NOTHING = Record()


def after(record: Record, succeeded: Sequence[Object], failed: Sequence[Object]) -> Record:
    """With pods that have ended since."""
    fails = sorted(finished_at(pod) for pod in failed)
    if not succeeded:
        return Record(record.failures + len(fails), fails[-1]) if fails else record
    success = max(finished_at(pod) for pod in succeeded)
    later = [each for each in fails if each > success]
    return Record(len(later), later[-1]) if later else NOTHING


def of_index(last_failed: Object | None) -> Record:
    """Of an index, whose last pod remembers how often it had failed before."""
    if last_failed is None:
        return NOTHING
    return Record(sum(failures_of(last_failed)) + 1, finished_at(last_failed))
