from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.kube.controllers.deployment.deployments import deployment, replica_set, without
from wherry.kube.controllers.deployment import conditions as c
from wherry.kube.controllers.deployment import progress
from wherry.kube.controllers.deployment.status import status_of
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=601)


def said(obj: Object) -> tuple[str, str, str]:
    found = c.find(obj.get("conditions") or (), c.PROGRESSING) or {}
    return found.get("status", ""), found.get("reason", ""), found.get("message", "")


def judged(owner: Object, *sets: Object, now: datetime = NOW) -> Object:
    new = sets[-1] if sets else None
    return progress.judged(owner, status_of(owner, sets, new, now), sets, new, now)


def with_status(owner: Object, **status: object) -> Object:
    return {**owner, "status": status}


def in_state(reason: str, status: str = "True", since: datetime = NOW) -> list[Object]:
    return [c.condition(c.PROGRESSING, status, reason, "", since)]


def test_a_pause_is_said_once_and_so_is_its_end() -> None:
    first = progress.paused(deployment(paused=True), NOW)
    assert said(first["status"]) == ("Unknown", "DeploymentPaused", "Deployment is paused")
    assert progress.paused(first, LATER) is first
    again = progress.paused({**first, "spec": {**first["spec"], "paused": False}}, LATER)
    assert said(again["status"]) == ("Unknown", "DeploymentResumed", "Deployment is resumed")
    timed_out = with_status(deployment(paused=True), conditions=in_state(c.TIMED_OUT, "False"))
    assert progress.paused(timed_out, NOW) is timed_out
    assert progress.paused(deployment(), NOW) == deployment()


def test_a_new_set_is_said_and_one_that_was_there_only_when_nothing_else_was_said() -> None:
    made = progress.begun(deployment(), "web-1", True, NOW)
    assert said(made["status"]) == ("True", "NewReplicaSetCreated", 'Created new replica set "web-1"')
    found = progress.begun(deployment(), "web-1", False, NOW)
    assert said(found["status"]) == ("True", "FoundNewReplicaSet", 'Found new replica set "web-1"')
    assert progress.begun(made, "web-1", False, NOW) is made
    endless = deployment(progressDeadlineSeconds=2**31 - 1)
    assert progress.begun(endless, "web-1", True, NOW) is endless and progress.paused(endless, NOW) is endless


def test_a_set_that_cannot_be_made_is_said() -> None:
    status = progress.failed(deployment(), "web-1", "forbidden", NOW)
    expected = 'Failed to create new replica set "web-1": forbidden'
    assert said(status) == ("False", "ReplicaSetCreateError", expected)
    assert progress.failed(deployment(progressDeadlineSeconds=2**31 - 1), "web-1", "forbidden", NOW) == {}


def test_a_rollout_progresses_completes_and_is_then_judged_no_more() -> None:
    mine = with_status(deployment(), conditions=in_state(c.NEW_SET_CREATED))
    later = judged(mine, replica_set(mine, "demo:0", 4), replica_set(mine, "demo:1", 1, 0))
    assert said(later) == ("True", "ReplicaSetUpdated", 'ReplicaSet "web-demo-1" is progressing.')
    done = judged({**mine, "status": later}, replica_set(mine, "demo:1", 4), now=LATER)
    assert said(done) == ("True", "NewReplicaSetAvailable", 'ReplicaSet "web-demo-1" has successfully progressed.')
    lost = judged({**mine, "status": done}, replica_set(mine, "demo:1", 4, 1), now=LATER + timedelta(days=1))
    assert said(lost) == said(done)


def test_progress_is_noted_each_time_but_the_transition_only_once() -> None:
    mine = with_status(deployment(), replicas=4, updatedReplicas=1, conditions=in_state(c.SET_UPDATED))
    status = judged(mine, replica_set(mine, "demo:0", 2), replica_set(mine, "demo:1", 2, 2), now=LATER)
    found = c.find(status["conditions"], c.PROGRESSING) or {}
    assert (found["lastUpdateTime"], found["lastTransitionTime"]) == ("2026-01-01T00:10:01Z", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("seconds", "reason", "expected"),
    [
        (600, c.SET_UPDATED, c.SET_UPDATED),
        (601, c.SET_UPDATED, c.TIMED_OUT),
        (601, c.NEW_SET_CREATED, c.TIMED_OUT),
        (601, c.RESUMED, c.TIMED_OUT),
        (601, c.NEW_SET_AVAILABLE, c.NEW_SET_AVAILABLE),
        (1, c.TIMED_OUT, c.TIMED_OUT),
    ],
)
def test_without_progress_it_times_out(seconds: int, reason: str, expected: str) -> None:
    mine = deployment()
    sets = replica_set(mine, "demo:0", 4), replica_set(mine, "demo:1", 1, 0)
    before = without(status_of(mine, sets, sets[1], NOW), "conditions")
    mine["status"] = {**before, "conditions": in_state(reason, "False" if reason == c.TIMED_OUT else "True")}
    status = judged(mine, *sets, now=NOW + timedelta(seconds=seconds))
    assert said(status)[1] == expected
    if reason == c.SET_UPDATED and expected == c.TIMED_OUT:
        assert said(status)[2] == 'ReplicaSet "web-demo-1" has timed out progressing.'


def test_one_without_a_deadline_says_nothing_of_progress() -> None:
    mine = with_status(deployment(progressDeadlineSeconds=2**31 - 1), conditions=in_state(c.SET_UPDATED))
    assert said(judged(mine, replica_set(mine, "demo:1", 4))) == ("", "", "")


def test_a_recreation_without_a_new_set_speaks_of_the_deployment() -> None:
    mine = with_status(deployment(0), conditions=in_state(c.SET_UPDATED))
    assert said(judged(mine))[2] == 'Deployment "web" has successfully progressed.'


def test_pods_that_cannot_be_made_are_said_until_they_can() -> None:
    mine = deployment()
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota"}
    failing = replica_set(mine, "demo:1", 4, 0, conditions=[{**failure, "lastTransitionTime": "2026-01-01T00:00:00Z"}])
    status = judged(mine, replica_set(mine, "demo:0", 1), failing)
    times = {"lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"}
    assert c.find(status["conditions"], c.FAILURE) == {**failure, **times}
    assert c.find(judged({**mine, "status": status}, replica_set(mine, "demo:1", 4))["conditions"], c.FAILURE) is None


@pytest.mark.parametrize(
    ("reason", "seconds", "expected"),
    [(c.SET_UPDATED, 0, 601.0), (c.SET_UPDATED, 180, 421.0), (c.SET_UPDATED, 900, 1.0), (c.TIMED_OUT, 0, None),
     (c.PAUSED, 0, None), ("", 0, None)],
)  # fmt: skip
def test_when_to_look_whether_it_timed_out(reason: str, seconds: int, expected: float | None) -> None:
    status = {"conditions": in_state(reason) if reason else []}
    assert progress.seconds_to_deadline(deployment(), status, NOW + timedelta(seconds=seconds)) == expected


def test_nothing_is_waited_for_when_it_is_complete_or_has_no_deadline() -> None:
    done = {"updatedReplicas": 4, "replicas": 4, "availableReplicas": 4, "observedGeneration": 1}
    status = {**done, "conditions": in_state(c.SET_UPDATED)}
    assert progress.seconds_to_deadline(deployment(), status, NOW) is None
    endless = deployment(progressDeadlineSeconds=2**31 - 1)
    assert progress.seconds_to_deadline(endless, {"conditions": in_state(c.SET_UPDATED)}, NOW) is None
