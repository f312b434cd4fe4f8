"""How healthy a container is, by the results of its checks: pure. The rules are moby's (daemon/health.go)."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from wherry.engine.containers.model import Config, HealthcheckConfig

TIMED_OUT = -1
"""Exit code of a check that took too long, or could not be run."""
_SECOND = 1_000_000_000
_INTERVAL, _TIMEOUT, _START_INTERVAL = 30 * _SECOND, 30 * _SECOND, 5 * _SECOND
_RETRIES = 3
_KEPT = 5
_SHELL = ("/bin/sh", "-c")


class Status(StrEnum):
    """Docker's words."""

    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Check(msgspec.Struct, frozen=True):
    """One run of a check: times in nanoseconds since 1970, the command's exit code and what it wrote."""

    start: int
    end: int
    code: int
    output: str = ""


class Health(msgspec.Struct, frozen=True):
    """``failing`` checks in a row have failed; ``checks`` are the last few, the newest last."""

    status: Status = Status.STARTING
    failing: int = 0
    checks: Sequence[Check] = ()


def command(config: Config) -> list[str] | None:
    """What a check runs; None for a container that has none."""
    kind, *words = (config.Healthcheck.Test if config.Healthcheck else None) or ["NONE"]
    if not words or kind not in ("CMD", "CMD-SHELL"):
        return None
    return words if kind == "CMD" else [*(config.Shell or _SHELL), *words]


def timeout_nanoseconds(rules: HealthcheckConfig) -> int:
    return rules.Timeout or _TIMEOUT


def pause_nanoseconds(health: Health, rules: HealthcheckConfig, running: int) -> int:
    """From the end of a check (or the start) to the next, of a container that has been ``running`` so long."""
    if health.status is Status.STARTING and running < rules.StartPeriod:
        return rules.StartInterval or _START_INTERVAL
    return rules.Interval or _INTERVAL


def begun(health: Health | None) -> Health:
    """At the start of a run: what was found before is still to be seen."""
    return Health(checks=health.checks if health else ())


def ended(health: Health) -> Health:
    """After a run."""
    return msgspec.structs.replace(health, status=Status.UNHEALTHY)


def after(health: Health, check: Check, rules: HealthcheckConfig, started: int) -> Health:
    """What a check makes of it. Failures do not count in the start period, until one has succeeded."""
    checks = (*health.checks, check)[-_KEPT:]
    if check.code == 0:
        return Health(Status.HEALTHY, 0, checks)
    if health.status is Status.STARTING and check.start - started < rules.StartPeriod:
        return Health(health.status, health.failing, checks)
    failing = health.failing + 1
    is_ill = failing >= (rules.Retries or _RETRIES)
    return Health(Status.UNHEALTHY if is_ill else health.status, failing, checks)
