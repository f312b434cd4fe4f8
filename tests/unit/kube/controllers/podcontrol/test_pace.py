"""Workloads with many pods are looked at less often."""

from tests.unit.kube.controllers.workloads import workload
from wherry.kube.client.clock import FakeClock
from wherry.kube.controllers.podcontrol.owners import key_of
from wherry.kube.controllers.podcontrol.pace import Pace


async def test_the_more_pods_the_longer_it_is_left_alone() -> None:
    clock = FakeClock()
    pace, owner = Pace(clock), workload("ReplicaSet")
    assert pace.rest_seconds(owner) == 0
    pace.looked(owner, 2000)
    assert pace.rest_seconds(owner) == 2
    await clock.advance(1.5)
    assert pace.rest_seconds(owner) == 0.5
    await clock.advance(1)
    assert pace.rest_seconds(owner) == 0


async def test_one_with_few_is_looked_at_whenever_one_of_them_changes() -> None:
    pace, owner = Pace(FakeClock()), workload("ReplicaSet")
    pace.looked(owner, 2000)
    pace.looked(owner, 50)
    assert pace.rest_seconds(owner) == 0


async def test_what_is_wanted_of_it_is_looked_at_at_once() -> None:
    pace, owner = Pace(FakeClock()), workload("ReplicaSet")
    pace.looked(owner, 2000)
    assert pace.rest_seconds({**owner, "metadata": {**owner["metadata"], "generation": 2}}) == 0
    assert pace.rest_seconds(workload("ReplicaSet", "other")) == 0
    pace.forget(key_of(owner))
    assert pace.rest_seconds(owner) == 0
