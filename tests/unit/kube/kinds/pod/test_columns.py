from datetime import timedelta
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW, container, pod_spec
from wherry.kube.kinds.pod import KIND
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

RUNNING = {"running": {"startedAt": CREATED}}
ENDED = rfc3339(NOW - timedelta(minutes=5))


def waiting(reason: str) -> Object:
    return {"waiting": {"reason": reason}}


def ended(code: int = 0, **fields: Any) -> Object:
    return {"terminated": {"exitCode": code, **fields}}


def state(now: Object, *, ready: bool = False, restarts: int = 0, name: str = "web", **fields: Any) -> Object:
    return {"name": name, "state": now, "ready": ready, "restartCount": restarts, **fields}


def cells(*statuses: Object, spec: Object | None = None, meta: Object | None = None, **status: Any) -> list[Any]:
    names = [each["name"] for each in statuses] or ["web"]
    made = {
        "metadata": {"name": "p", "creationTimestamp": CREATED, **(meta or {})},
        "spec": {**pod_spec(*(container(name=name) for name in names)), **(spec or {})},
        "status": {"phase": "Running", "containerStatuses": list(statuses), **status},
    }
    assert KIND.cells is not None
    row = list(KIND.cells(made, NOW))
    assert len(row) == len(KIND.columns)
    return row


def test_a_row() -> None:
    row = cells(
        state(RUNNING, ready=True),
        spec={"nodeName": "n1"},
        podIP="10.0.0.1",
        podIPs=[{"ip": "10.0.0.1"}, {"ip": "::1"}],
    )
    assert row == ["p", "1/1", "Running", "0", "2m5s", "10.0.0.1", "n1", "<none>", "<none>"]


def test_a_pod_that_nobody_has_seen() -> None:
    assert cells(phase="Pending")[1:6] == ["0/1", "Pending", "0", "2m5s", "<none>"]


@pytest.mark.parametrize(
    ("statuses", "summary"),
    [
        ([state(waiting("ContainerCreating"))], "ContainerCreating"),
        ([state(waiting("ImagePullBackOff"))], "ImagePullBackOff"),
        ([state(waiting("CrashLoopBackOff"), restarts=3)], "CrashLoopBackOff"),
        ([state(ended(0, reason="Completed"))], "Completed"),
        ([state(ended(1, reason="Error"))], "Error"),
        ([state(ended(137, reason="OOMKilled"))], "OOMKilled"),
        ([state(ended(3))], "ExitCode:3"),
        ([state(ended(0, signal=9))], "Signal:9"),
        ([state(RUNNING, ready=True), state(waiting("ErrImagePull"), name="b")], "ErrImagePull"),
        ([state(ended(1, reason="Error")), state(ended(0, reason="Completed"), name="b")], "Error"),
    ],
)
def test_containers_speak_for_the_pod(statuses: list[Object], summary: str) -> None:
    assert cells(*statuses)[2] == summary


@pytest.mark.parametrize(("ready", "summary"), [("True", "Running"), ("False", "NotReady")])
def test_a_pod_of_which_one_container_has_completed_runs(ready: str, summary: str) -> None:
    row = cells(
        state(ended(0, reason="Completed")),
        state(RUNNING, ready=True, name="b"),
        conditions=[{"type": "Ready", "status": ready}],
    )
    assert row[1:3] == ["1/2", summary]


@pytest.mark.parametrize(
    ("status", "meta", "summary"),
    [
        ({"phase": "Failed", "reason": "Evicted"}, {}, "Evicted"),
        ({"phase": "Running"}, {"deletionTimestamp": CREATED}, "Terminating"),
        ({"phase": "Succeeded"}, {"deletionTimestamp": CREATED}, "Succeeded"),
        ({"phase": "Running", "reason": "NodeLost"}, {"deletionTimestamp": CREATED}, "Unknown"),
        (
            {
                "phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
            },
            {},
            "SchedulingGated",
        ),
    ],
)
def test_the_pod_speaks_for_itself(status: dict[str, Any], meta: dict[str, Any], summary: str) -> None:
    assert cells(meta=meta, **status)[2] == summary


INIT = {"initContainers": [container(name="i1"), container(name="i2")]}


@pytest.mark.parametrize(
    ("statuses", "summary"),
    [
        ([state(RUNNING, name="i1"), state(waiting("PodInitializing"), name="i2")], "Init:0/2"),
        ([state(ended(0), name="i1"), state(RUNNING, name="i2")], "Init:1/2"),
        ([state(ended(1, reason="Error"), name="i1")], "Init:Error"),
        ([state(ended(2), name="i1")], "Init:ExitCode:2"),
        ([state(ended(2, signal=15), name="i1")], "Init:Signal:15"),
        ([state(waiting("CrashLoopBackOff"), name="i1")], "Init:CrashLoopBackOff"),
        ([state(ended(0), name="i1"), state(ended(0), name="i2")], "PodInitializing"),
    ],
)
def test_init_containers_come_first(statuses: list[Object], summary: str) -> None:
    row = cells(state(waiting("PodInitializing")), spec=INIT, phase="Pending", initContainerStatuses=statuses)
    assert row[2] == summary


def test_sidecars_are_counted_with_the_others() -> None:
    sidecar = container(name="s", restartPolicy="Always")
    row = cells(
        state(RUNNING, ready=True, restarts=1),
        spec={"initContainers": [container(name="i"), sidecar]},
        initContainerStatuses=[
            state(ended(0), name="i", restarts=5),
            state(RUNNING, name="s", ready=True, restarts=2, started=True),
        ],
    )
    assert row[1:4] == ["2/2", "Running", "3"]


def test_restarts_are_counted_and_the_last_one_dated() -> None:
    last: dict[str, Any] = {"lastState": ended(1, finishedAt=ENDED)}
    assert cells(state(RUNNING, ready=True, restarts=4, **last))[3] == "4 (5m ago)"


def test_readiness_gates_and_nomination() -> None:
    gates = {"readinessGates": [{"conditionType": "a"}, {"conditionType": "b"}]}
    row = cells(spec=gates, nominatedNodeName="n2", conditions=[{"type": "a", "status": "True"}])
    assert row[-2:] == ["n2", "1/2"]
