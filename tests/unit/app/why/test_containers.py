"""What containers wait for."""

import pytest

from tests.unit.app.why.objects import BEFORE, NOW, event, known, pod, state
from wherry.app.why.containers import waiting_containers
from wherry.kube.machinery.model import Object

IMAGE = "Its container app waits for its image demo:1"
PROBES = {"containers": [{"name": "app", "image": "demo:1", "readinessProbe": {}, "startupProbe": {}}]}
RUNNING = {"startedAt": BEFORE}
CRASHING = {"reason": "CrashLoopBackOff"}
PULL = 'Failed to pull image "demo:1": no such host'


def said(status: Object, *events: Object, **spec: object) -> list[str]:
    obj = pod(phase="Running", status={"containerStatuses": [status]}, **spec)
    return list(waiting_containers(known(obj, *events), NOW))


@pytest.mark.parametrize(
    ("status", "events", "text"),
    [
        (state(waiting={"reason": "ErrImagePull", "message": "no such host"}), [], f"{IMAGE}: no such host"),
        (
            state(waiting={"reason": "ImagePullBackOff", "message": "Back-off pulling image"}),
            [event("Failed", PULL)],
            f"{IMAGE}: {PULL}",
        ),
        (
            state(waiting={"reason": "ImagePullBackOff", "message": "Back-off pulling image: denied"}),
            [event("Failed", "Error: ImagePullBackOff")],
            f"{IMAGE}: Back-off pulling image: denied",
        ),
        (
            state(waiting={"reason": "ContainerCreating"}),
            [event("Pulling", 'Pulling image "demo:1"')],
            f"{IMAGE}, which is being pulled",
        ),
        (
            state(waiting={"reason": "InvalidImageName", "message": "bad"}), [],
            "Its container app cannot have the image demo:1: bad",
        ),
        (
            state(waiting={"reason": "ErrImageNeverPull"}), [],
            "Its container app may not pull its image demo:1 (imagePullPolicy: Never), and the node does not have it",
        ),
        (
            state(waiting={"reason": "CreateContainerConfigError", "message": 'configmap "x" not found'}), [],
            'Its container app cannot be started: configmap "x" not found',
        ),
        (
            state(restarts=3, waiting=CRASHING, last={"exitCode": 1, "reason": "Error", "finishedAt": BEFORE}),
            [],
            "Its container app ends again and again: 3 restarts, the last time with exit code 1 60s ago. "
            "It is started again after a pause",
        ),
        (
            state(restarts=1, waiting=CRASHING, last={"exitCode": 137, "reason": "OOMKilled", "message": "no\nroom"}),
            [],
            "Its container app ends again and again: 1 restart, the last time with exit code 137 (OOMKilled). "
            "It is started again after a pause. Its last words: no room",
        ),
        (
            state(restarts=1, waiting=CRASHING, last={"exitCode": 137}),
            [
                event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"),
                event("Killing", "Container app failed liveness probe, will be restarted"),
            ],
            "Its container app ends again and again: 1 restart, the last time with exit code 137. It is stopped "
            "because its liveness probe does not pass: Liveness probe failed: HTTP probe failed with statuscode: 500. "
            "It is started again after a pause",
        ),
        (state(waiting={"reason": "Odd", "message": "thing"}), [], "Its container app waits: Odd: thing"),
        (
            state(terminated={"exitCode": 2, "finishedAt": BEFORE}), [],
            "Its container app has ended with exit code 2 60s ago and is to be started again.",
        ),
        (
            state(waiting={"reason": "ContainerCreating"}, last={"exitCode": 0, "signal": 9}), [],
            "Its container app is being started again, after signal 9",
        ),
        (state(running=RUNNING), [], "Its container app runs for 60s and is not ready yet"),
    ],
)  # fmt: skip
def test_a_container_that_is_not_as_it_should_be(status: Object, events: list[Object], text: str) -> None:
    assert said(status, *events) == [text]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (state(running=RUNNING, started=False), "its startup probe has not passed yet: Startup probe failed: no"),
        (state(running=RUNNING, started=True), "its readiness probe does not pass"),
    ],
)
def test_probes(status: Object, text: str) -> None:
    events = [event("Unhealthy", "Startup probe failed: no")]
    assert said(status, *events, **PROBES) == [f"Its container app runs for 60s, and {text}"]
    (found,) = said(state(running=RUNNING, started=True), event("Unhealthy", "Readiness probe failed: 500"), **PROBES)
    assert found.endswith("its readiness probe does not pass: Readiness probe failed: 500")


@pytest.mark.parametrize(
    "status",
    [
        state(True, running=RUNNING), state(waiting={"reason": "PodInitializing"}), state(terminated={"exitCode": 0}),
        state(),
    ],
)  # fmt: skip
def test_of_one_that_is_well_or_not_begun_with_nothing_is_said(status: Object) -> None:
    assert said(status) == []


def test_a_step_of_the_beginning_holds_the_others_up() -> None:
    init = [{"name": "setup", "image": "i"}, {"name": "proxy", "image": "i", "restartPolicy": "Always"}]
    statuses = [{"name": name, "state": {"running": RUNNING}} for name in ("setup", "proxy")]
    obj = pod(initContainers=init, status={"initContainerStatuses": statuses})
    assert list(waiting_containers(known(obj), NOW)) == [
        "Its init container setup runs for 60s; the others begin when it has ended",
        "Its init container proxy runs for 60s and is not ready yet",
    ]


def test_of_a_pod_that_has_ended_no_container_is_started_again() -> None:
    obj = pod(phase="Failed", status={"containerStatuses": [state(terminated={"exitCode": 2})]})
    assert list(waiting_containers(known(obj), NOW)) == []


def test_each_container_is_told_of_its_own_probes_newest_answer() -> None:
    names = ("one", "two")
    statuses = [{**state(running=RUNNING), "name": name} for name in names]
    specs = [{"name": name, "readinessProbe": {}} for name in names]
    obj = pod(phase="Running", status={"containerStatuses": statuses}, containers=specs)
    events = [
        event("Unhealthy", "Readiness probe failed: old", of="one"),
        event("Unhealthy", "Readiness probe failed: first", of="one"),
        event("Unhealthy", "Readiness probe failed: second", of="two"),
        event("Unhealthy", "Liveness probe failed: other", of="one"),
    ]
    assert list(waiting_containers(known(obj, *events), NOW)) == [
        "Its container one runs for 60s, and its readiness probe does not pass: Readiness probe failed: first",
        "Its container two runs for 60s, and its readiness probe does not pass: Readiness probe failed: second",
    ]


@pytest.mark.parametrize(
    ("spec", "code", "what"),
    [
        ({"restartPolicy": "Never"}, 1, "is not started again"),
        ({"restartPolicy": "OnFailure"}, 1, "is to be started again"),
        ({"restartPolicy": "Never", "containers": [{"name": "app", "restartPolicy": "Always"}]}, 1, "is to be"),
        ({"containers": [{"name": "app", "restartPolicy": "Never", "restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]}]}, 42, "is to be"),
        ({"containers": [{"name": "app", "restartPolicy": "Never", "restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]}]}, 43, "is not"),
    ],
)  # fmt: skip
def test_whether_it_is_started_again_is_what_its_policy_says(spec: Object, code: int, what: str) -> None:
    (found,) = said(state(terminated={"exitCode": code, "finishedAt": BEFORE}), **spec)
    assert f"has ended with exit code {code} 60s ago and {what}" in found


def test_an_image_that_it_mounts() -> None:
    mounts = {"name": "app", "image": "demo:1", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    waiting = state(waiting={"reason": "ErrImageNeverPull"})
    backing_off = state(waiting={"reason": "ImagePullBackOff", "message": 'Back-off pulling image "files:1": no such'})
    spec: Object = {"containers": [mounts], "volumes": [{"name": "v", "image": {"reference": "files:1"}}]}
    (found,) = said(backing_off, event("Failed", 'Failed to pull image "files:1": no such host'), **spec)
    assert found == (
        'Its container app waits for the image files:1, which it mounts: Failed to pull image "files:1": no such host'
    )
    (found,) = said(waiting, **spec)
    assert found.startswith("Its container app may not pull its image demo:1")


def test_a_hook_that_fails_after_the_start() -> None:
    status = state(restarts=1, waiting=CRASHING, last={"exitCode": 137})
    (found,) = said(
        status,
        event("Failed", "Error: command 'false' exited with 1: "),
        event("Killing", "FailedPostStartHook"),
        event("Failed", "Error: something else"),
    )
    assert "It is stopped because its postStart hook fails: Error: command 'false' exited with 1" in found
