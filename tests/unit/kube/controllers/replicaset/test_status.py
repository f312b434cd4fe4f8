from datetime import UTC, datetime

from tests.unit.kube.controllers.workloads import pod, template, workload
from wherry.kube.controllers.replicaset.status import Counted, Failure, count, status_of
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
WEB = workload("ReplicaSet", template=template(tier="front"), minReadySeconds=10)


def test_pods_are_counted_by_how_far_they_are() -> None:
    pods = [
        pod("a", labels={"app": "web", "tier": "front"}),
        pod("b", ready="2026-01-01T00:00:55Z"),
        pod("c", ready="2026-01-01T00:00:52Z"),
        pod("d", ready=False),
    ]
    assert count(WEB, pods, NOW) == Counted(replicas=4, labeled=1, ready=3, available=1, soon=2.0)
    assert count(WEB, [], NOW) == Counted()


def test_figures_that_are_zero_are_left_out_as_the_api_does() -> None:
    assert status_of(WEB, Counted(), None, None, NOW) == {"replicas": 0, "observedGeneration": 1}
    assert status_of(WEB, Counted(3, 3, 2, 1), 0, None, NOW) == {
        "replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 2, "availableReplicas": 1, "observedGeneration": 1,
        "terminatingReplicas": 0,
    }  # fmt: skip


def test_a_failure_is_a_condition_until_it_is_over() -> None:
    other: Object = {"type": "Other", "status": "True"}
    owner = {**WEB, "status": {"conditions": [other]}}
    status = status_of(owner, Counted(), None, Failure("FailedCreate", "quota"), NOW)
    failed = {
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota",
        "lastTransitionTime": "2026-01-01T00:01:00Z",
    }  # fmt: skip
    assert status["conditions"] == [other, failed]
    later = datetime(2026, 1, 2, tzinfo=UTC)
    owner = {**owner, "status": status}
    assert status_of(owner, Counted(), None, Failure("FailedDelete", "x"), later)["conditions"] == [other, failed]
    assert status_of(owner, Counted(), None, None, later)["conditions"] == [other]
