"""When a container that has ended is started again: Docker's policies, as a pure decision."""

from dataclasses import dataclass

from wherry.engine.containers.model import RestartRule

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 60.0
# A run of at least this long makes the next delay the first again (moby, restartmanager).
STEADY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. ``failures`` counts the ends in a row before this one that led to a restart."""

    exit_code: int
    ran_seconds: float
    stopped_by_user: bool
    failures: int


def delay_seconds(policy: RestartRule, end: End) -> float | None:
    """How long to wait before the next run; None: there is none."""
    if end.stopped_by_user or not _wants(policy, end):
        return None
    failures = 0 if end.ran_seconds >= STEADY_SECONDS else end.failures
    return min(FIRST_DELAY_SECONDS * float(2 ** min(failures, 20)), LONGEST_DELAY_SECONDS)


def _wants(policy: RestartRule, end: End) -> bool:
    if policy.Name in ("always", "unless-stopped"):
        return True
    if policy.Name == "on-failure" and end.exit_code != 0:
        return policy.MaximumRetryCount == 0 or end.failures < policy.MaximumRetryCount
    return False


def at_start(policy: RestartRule, stopped_by_user: bool, exit_code: int) -> bool:
    """Whether a container that does not run is started when the engine is."""
    if policy.Name == "always":
        return True
    if policy.Name == "unless-stopped":
        return not stopped_by_user
    return policy.Name == "on-failure" and not stopped_by_user and exit_code != 0
