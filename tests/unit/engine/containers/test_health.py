"""What results of checks make of a container's health."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers import health
from wherry.engine.containers.health import Check, Health, Status
from wherry.engine.containers.model import Config, HealthcheckConfig

SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Case:
    """A result for each second from the start on, and what the health is said to be after each."""

    rules: HealthcheckConfig
    codes: str
    words: str


def history(rules: HealthcheckConfig, codes: str) -> list[Health]:
    """``codes``: a dot for each success, x for each failure."""
    found, seen = health.begun(None), []
    for second, code in enumerate(codes, 1):
        check = Check(second * SECOND, second * SECOND, 0 if code == "." else 1)
        found = health.after(found, check, rules, 0)
        seen.append(found)
    return seen


@pytest.mark.parametrize(
    "case",
    [
        Case(HealthcheckConfig(), "xx", "ss"),
        Case(HealthcheckConfig(), "xxx.", "ssuh"),
        Case(HealthcheckConfig(), ".xx.xxx", "hhhhhhu"),
        Case(HealthcheckConfig(Retries=1), "x.x", "uhu"),
        Case(HealthcheckConfig(Retries=2, StartPeriod=4 * SECOND), "xxxxxx", "ssssuu"),  # at 4 s it is over
        Case(HealthcheckConfig(Retries=1, StartPeriod=9 * SECOND), "xx.x", "sshu"),  # over with the first success
    ],
    ids=str,
)
def test_failures_in_a_row_make_it_unhealthy(case: Case) -> None:
    assert "".join(str(one.status)[0] for one in history(case.rules, case.codes)) == case.words


@given(st.text("x.", min_size=1, max_size=20))
def test_the_last_results_are_kept_and_failures_in_a_row_counted(codes: str) -> None:
    last = history(HealthcheckConfig(), codes)[-1]
    assert ["x" if check.code else "." for check in last.checks] == list(codes[-5:])
    assert last.failing == len(codes) - len(codes.rstrip("x"))


def test_a_new_run_is_starting_and_remembers_what_was_seen() -> None:
    ill = history(HealthcheckConfig(Retries=1), "x")[-1]
    assert health.begun(ill) == Health(Status.STARTING, 0, ill.checks)
    assert health.ended(history(HealthcheckConfig(), ".")[-1]).status is Status.UNHEALTHY


@pytest.mark.parametrize(
    ("test", "shell", "words"),
    [
        (["CMD", "test", "-e", "/ok"], None, ["test", "-e", "/ok"]),
        (["CMD-SHELL", "test -e /ok"], None, ["/bin/sh", "-c", "test -e /ok"]),
        (["CMD-SHELL", "test -e /ok"], ["/bin/ash", "-ec"], ["/bin/ash", "-ec", "test -e /ok"]),
        (["NONE"], None, None),
        (["CMD"], None, None),
        (["GUESS", "x"], None, None),
        ([], None, None),
        (None, None, None),
    ],
)
def test_what_a_check_runs(test: list[str] | None, shell: list[str] | None, words: list[str] | None) -> None:
    assert health.command(Config(Healthcheck=HealthcheckConfig(Test=test), Shell=shell)) == words


def test_without_a_check_nothing_is_run() -> None:
    assert health.command(Config()) is None


@pytest.mark.parametrize(
    ("status", "rules", "running", "pause"),
    [
        (Status.STARTING, HealthcheckConfig(), 0, 30),
        (Status.STARTING, HealthcheckConfig(Interval=7 * SECOND), 0, 7),
        (Status.STARTING, HealthcheckConfig(StartPeriod=60 * SECOND), 0, 5),
        (Status.STARTING, HealthcheckConfig(StartPeriod=60 * SECOND, StartInterval=SECOND), 59, 1),
        (Status.STARTING, HealthcheckConfig(StartPeriod=60 * SECOND, StartInterval=SECOND), 60, 30),
        (Status.HEALTHY, HealthcheckConfig(StartPeriod=60 * SECOND, StartInterval=SECOND), 1, 30),
    ],
)
def test_the_time_between_checks(status: Status, rules: HealthcheckConfig, running: int, pause: int) -> None:
    assert health.pause_nanoseconds(Health(status), rules, running * SECOND) == pause * SECOND


def test_a_check_has_half_a_minute_unless_told_otherwise() -> None:
    assert health.timeout_nanoseconds(HealthcheckConfig()) == 30 * SECOND
    assert health.timeout_nanoseconds(HealthcheckConfig(Timeout=5)) == 5
