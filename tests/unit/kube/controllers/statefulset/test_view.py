import pytest

from tests.unit.kube.controllers.statefulset.sets import NOW, ending, member, stateful
from tests.unit.kube.controllers.workloads import pod
from wherry.kube.controllers.statefulset import view


@pytest.mark.parametrize(
    ("name", "expected"),
    [("db-0", 0), ("db-12", 12), ("db", None), ("db-x", None), ("x-1", None), ("db-1-2", None)],
)
def test_a_pods_ordinal_is_in_its_name(name: str, expected: int | None) -> None:
    assert view.ordinal_of(pod(name), stateful()) == expected


def test_ordinals_begin_where_the_set_says() -> None:
    assert list(view.ordinals_of(stateful(2))) == [0, 1]
    assert list(view.ordinals_of(stateful(2, ordinals={"start": 5}))) == [5, 6]


@pytest.mark.parametrize(
    ("replicas", "limit", "expected"), [(3, 1, 1), (10, "25%", 2), (3, "10%", 1), (4, 9, 9), (4, "50%", 2)]
)
def test_how_many_may_be_missing(replicas: int, limit: int | str, expected: int) -> None:
    assert view.max_unavailable(stateful(replicas, rolling={"maxUnavailable": limit})) == expected


def test_how_it_is_updated() -> None:
    assert view.rolls(stateful()) and not view.rolls(stateful(updateStrategy={"type": "OnDelete"}))
    assert view.partition_of(stateful(rolling={"partition": 2})) == 2
    assert view.partition_of(stateful(updateStrategy={"type": "RollingUpdate"})) is None
    assert view.max_unavailable(stateful(updateStrategy={"type": "RollingUpdate"})) == 1
    assert view.is_parallel(stateful(parallel=True)) and not view.is_parallel(stateful())


def test_a_pod_is_available_when_it_runs_is_ready_for_long_enough_and_is_to_stay() -> None:
    mine = stateful(minReadySeconds=70)
    assert view.seconds_to_go(member(mine, 0), mine, NOW) == 10.0
    assert view.is_available(member(mine, 0), stateful(), NOW)
    for other in (member(mine, 0, ready=False), member(mine, 0, phase="Pending"), ending(mine, 0)):
        assert view.seconds_to_go(other, stateful(), NOW) is None
    assert view.is_running_and_ready(ending(mine, 0)) and view.revision_of(pod("db-0")) == ""
