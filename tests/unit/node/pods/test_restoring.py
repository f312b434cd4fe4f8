"""Pods of simulated nodes after a restart of whoever simulates them."""

import itertools
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.containers import FAKE
from wherry.node.pods.fake import Found
from wherry.node.pods.options import Options
from wherry.node.pods.restoring import found
from wherry.node.pods.runtime import State

OPTIONS = Options("n1", Path("/nonexistent"))
BEGUN = "2026-01-01T00:00:00Z"
BEGUN_NS = 1_767_225_600 * 10**9


def status(name: str, state: Object, **more: object) -> Object:
    return {"name": name, "image": "demo:1", "imageID": "demo@sha256:0", "restartCount": 2, "state": state, **more}


def known(*statuses: Object, **more: object) -> Object:
    made = pod(
        "web", container("web", env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}])
    )
    made["status"] = {
        "phase": "Running", "startTime": BEGUN, "podIPs": [{"ip": "10.0.0.7"}], "containerStatuses": list(statuses),
        **more,
    }  # fmt: skip
    return made


def restored(made: Object) -> Found | None:
    numbers = itertools.count()
    return found(made, OPTIONS, lambda: f"id-{next(numbers)}")


def test_what_runs_runs_on_as_it_was() -> None:
    made = known(status("web", {"running": {"startedAt": BEGUN}}, containerID="wherry://c1"))
    made["metadata"]["annotations"] = {FAKE + "run-seconds": "5"}
    pod_found = restored(made)
    assert pod_found is not None
    assert (pod_found.sandbox.id, pod_found.sandbox.ips, pod_found.sandbox.ready) == ("id-0", ("10.0.0.7",), True)
    ((run, spec),) = pod_found.containers
    assert (run.id, run.sandbox, run.name, run.attempt, run.state) == ("c1", "id-0", "web", 2, State.RUNNING)
    assert (run.started_ns, run.image_reference) == (BEGUN_NS, "demo@sha256:0")
    assert spec.annotations[FAKE + "run-seconds"] == "5"


def test_what_has_ended_has_ended() -> None:
    ended = {"exitCode": 3, "startedAt": BEGUN, "finishedAt": "2026-01-01T00:00:09Z", "reason": "Error"}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    for each in (
        status("web", {"terminated": ended}, containerID="wherry://c1"),
        status("web", waiting, lastState={"terminated": ended}, containerID="wherry://c1"),
    ):
        pod_found = restored(known(each))
        assert pod_found is not None
        ((run, _),) = pod_found.containers
        assert (run.state, run.exit_code, run.reason) == (State.EXITED, 3, "Error")
        assert run.finished_ns == BEGUN_NS + 9 * 10**9


def test_a_container_that_has_not_run_yet_is_not_there() -> None:
    pod_found = restored(known(status("web", {"waiting": {"reason": "ContainerCreating"}})))
    assert pod_found is not None
    assert not pod_found.containers


@pytest.mark.parametrize("more", [{"phase": "Succeeded"}, {"podIPs": None}, {"startTime": None}])
def test_nothing_is_there_of_a_pod_that_has_ended_or_not_begun(more: Object) -> None:
    assert restored(known(**more)) is None


def test_the_host_s_network_is_no_address_of_its_own() -> None:
    made = known(status("web", {"running": {"startedAt": BEGUN}}, containerID="wherry://c1"))
    made["spec"]["hostNetwork"] = True
    pod_found = restored(made)
    assert pod_found is not None
    assert pod_found.sandbox.ips == ()
