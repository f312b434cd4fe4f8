"""How many replicas a metric asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.controllers.autoscaling.plan import Fleet, NoMetrics, Proposal, Target, combined, propose

HALF = Target(utilization=50)


def fleet(ready: int, unready: int = 0, missing: int = 0) -> Fleet:
    names = [f"p{n}" for n in range(ready + unready + missing)]
    return Fleet(
        frozenset(names[:ready]), frozenset(names[ready : ready + unready]), frozenset(names[ready + unready :])
    )


def samples(*values: int) -> dict[str, int]:
    return {f"p{n}": value for n, value in enumerate(values)}


def asked(count: int) -> dict[str, int]:
    return {f"p{n}": 1000 for n in range(count)}


@pytest.mark.parametrize(
    ("values", "replicas"),
    [
        ((500, 500), 2),
        ((540, 540), 2),  # within the tolerance
        ((1000, 1000), 4),
        ((1000, 500), 3),
        ((100, 100), 1),
        ((0, 0), 0),  # an autoscaler's minimum is above it
    ],
)
def test_by_the_share_of_requests(values: tuple[int, int], replicas: int) -> None:
    found = propose(2, samples(*values), asked(2), fleet(2), HALF)
    assert found.replicas == replicas
    assert found.utilization == sum(values) * 100 // 2000


def test_by_so_much_a_pod() -> None:
    found = propose(2, samples(300, 300), {}, fleet(2), Target(average=100))
    assert found == Proposal(6, 300)


def test_missing_pods_use_nothing_when_going_up_and_all_when_going_down() -> None:
    assert propose(3, samples(1000, 1000), asked(3), fleet(2, missing=1), HALF).replicas == 4  # not 6
    assert propose(3, samples(100, 100), asked(3), fleet(2, missing=1), HALF).replicas == 3  # not 1


def test_unready_pods_use_nothing_when_going_up() -> None:
    assert propose(4, samples(1000, 1000, 9000, 9000), asked(4), fleet(2, unready=2), HALF).replicas == 4
    assert propose(4, samples(100, 100, 9000, 9000), asked(4), fleet(2, unready=2), HALF).replicas == 1


def test_nothing_ready_is_nothing_known() -> None:
    with pytest.raises(NoMetrics, match="pods might be unready"):
        propose(2, samples(100, 100), asked(2), fleet(0, unready=2), HALF)


def test_of_several_the_largest_and_no_way_down_while_one_failed() -> None:
    failed = NoMetrics("lost")
    assert combined(3, [Proposal(2, 0), Proposal(5, 0)]) == 5
    assert combined(3, [Proposal(5, 0), failed]) == 5
    with pytest.raises(NoMetrics, match="lost"):
        combined(3, [Proposal(2, 0), failed])
    with pytest.raises(NoMetrics):
        combined(3, [failed])


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=8), st.integers(0, 4), st.integers(20, 100))
def test_what_is_not_known_never_makes_more_of_a_change(values: list[int], missing: int, share: int) -> None:
    current, target = len(values) + missing, Target(utilization=share)
    requests = asked(current)
    known = propose(current, samples(*values), requests, fleet(len(values)), target).replicas
    found = propose(current, samples(*values), requests, fleet(len(values), missing=missing), target).replicas
    used = sum(values) / 1000 / len(values) * 100 / share
    if used > 1.2:
        assert current <= found <= max(current, known * 1.2 + 1)  # shares are whole percents
    elif used < 0.8:
        assert found <= current
