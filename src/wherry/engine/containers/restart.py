"""When a container that has ended is started again: Docker's policies, as a pure decision."""

import msgspec

from wherry.engine.containers.model import RestartRule

# moby, restartmanager: the delay doubles from end to end, and begins anew after a run of ten seconds.
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 60.0
STEADY_SECONDS = 10.0


class End(msgspec.Struct, frozen=True):
    """How a run ended. ``restarts`` counts those of the policy since the last start by hand, ``failures`` those of them
    in quick succession."""

    exit_code: int
    stopped_by_user: bool = False
    restarts: int = 0
    failures: int = 0


def delay_seconds(policy: RestartRule, end: End) -> float | None:
    """How long to wait before the next run; None: there is none."""
    if end.stopped_by_user or not _wants(policy, end):
        return None
    return min(FIRST_DELAY_SECONDS * float(2 ** min(end.failures, 20)), LONGEST_DELAY_SECONDS)


def _wants(policy: RestartRule, end: End) -> bool:
    if policy.Name in ("always", "unless-stopped"):
        return True
    if policy.Name == "on-failure" and end.exit_code != 0:
        return policy.MaximumRetryCount == 0 or end.restarts < policy.MaximumRetryCount
    return False


def at_start(policy: RestartRule, end: End) -> bool:
    """Whether a container that ran once and does not run now is started when the engine is."""
    if policy.Name == "always":
        return True
    return not end.stopped_by_user and _wants(policy, end)
