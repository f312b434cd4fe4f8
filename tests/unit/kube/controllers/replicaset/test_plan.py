from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.workloads import pod
from wherry.kube.controllers.replicaset.plan import BURST, Plan, plan
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def pods(count: int) -> list[Object]:
    return [pod(f"p{number}") for number in range(count)]


def never() -> list[Object]:
    raise AssertionError("nobody needs to know")


@pytest.mark.parametrize(
    ("replicas", "there", "create"), [(3, 0, 3), (3, 2, 1), (3, 3, 0), (0, 0, 0), (2000, 0, BURST), (2000, 1900, 100)]
)
def test_what_is_missing_is_made(replicas: int, there: int, create: int) -> None:
    assert plan(replicas, pods(there), never, NOW) == Plan(create=create)


def test_what_is_too_much_goes() -> None:
    here = [*pods(2), pod("unready", ready=False)]
    assert plan(2, here, lambda: here, NOW).delete == (here[2],)
    assert plan(0, here, never, NOW).delete == tuple(here)
    assert len(plan(0, pods(700), lambda: (), NOW).delete) == BURST


@given(st.integers(0, 1200), st.integers(0, 1200))
def test_a_plan_that_was_followed_often_enough_is_empty(replicas: int, there: int) -> None:
    here = pods(there)
    for round in range(4):
        planned = plan(replicas, here, list, NOW)
        gone = {each["metadata"]["uid"] for each in planned.delete}
        here = [each for each in here if each["metadata"]["uid"] not in gone]
        here += [pod(f"new{round}-{number}") for number in range(planned.create)]
    assert len(here) == replicas and plan(replicas, here, never, NOW) == Plan()
