"""The whole answer."""

import pytest

from tests.unit.app.why.objects import BEFORE, NOW, event, known, node, pod, state
from tests.unit.kube.scheduler.volumes.objects import claim_object
from wherry.app.why.explaining import explain
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.watching import NODES

READY = {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": BEFORE}]}
ENDED = {"exitCode": 137, "finishedAt": BEFORE}
CREATING = {"containerStatuses": [state(waiting={"reason": "ContainerCreating"})]}


@pytest.mark.parametrize(
    ("obj", "events", "lines"),
    [
        (
            pod(phase="Running", status=READY), [],
            ["Pod default/p is running and ready on n.", "It waits for nothing: it has been ready for 60s."],
        ),
        (
            pod(phase="Succeeded"), [],
            ["Pod default/p has succeeded on n.",
             "It waits for nothing any more: a pod that has ended does not start again."],
        ),
        (
            pod(phase="Failed", status={"containerStatuses": [
                {"name": "good", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
                {"name": "bad", "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}},
                {"name": "odd", "state": {"terminated": {"exitCode": 2, "reason": "Error", "message": "no\x1b luck"}}},
            ]}), [],
            ["Pod default/p has failed on n.", "Its container bad ended with exit code 137 (OOMKilled).",
             "Its container odd ended with exit code 2: no luck.",
             "It waits for nothing any more: a pod that has ended does not start again."],
        ),
        (
            pod(phase="Failed", status={"reason": "Evicted", "message": "out of\x1b disk"}), [],
            ["Pod default/p has failed on n.", "It says why: Evicted: out of disk",
             "It waits for nothing any more: a pod that has ended does not start again."],
        ),
        (
            pod(status=CREATING), [event("FailedMount", 'MountVolume.SetUp failed: configmap "x" not found')],
            ["Pod default/p is pending on n.",
             'It waits for its volumes: MountVolume.SetUp failed: configmap "x" not found.'],
        ),
        (
            pod(status=CREATING), [event("FailedCreatePodSandBox", "no addresses left")],
            ["Pod default/p is pending on n.", "Its sandbox cannot be made: no addresses left."],
        ),
        (
            pod(phase="Running", status={"containerStatuses": [state(running={"startedAt": BEFORE})]}),
            [event("FailedMount", "long ago")],
            ["Pod default/p is running and not ready on n.", "Its container app runs for 60s and is not ready yet."],
        ),
        (
            pod(phase="Running", status={"containerStatuses": [state(terminated=ENDED)]}),
            [event("FailedMount", "long ago", "2026-01-01T11:58:00Z"), event("FailedMount", "no token")],
            ["Pod default/p is running and not ready on n.", "It waits for its volumes: no token.",
             "Its container app has ended with exit code 137 60s ago and is to be started again."],
        ),
        (
            pod(phase="Running", status={"containerStatuses": [state(terminated=ENDED)]}),
            [event("FailedMount", "long ago", "2026-01-01T11:58:00Z")],
            ["Pod default/p is running and not ready on n.",
             "Its container app has ended with exit code 137 60s ago and is to be started again."],
        ),
        (
            pod(phase="Running", readinessGates=[{"conditionType": "x/y"}]), [],
            ["Pod default/p is running and not ready on n.",
             "It waits for its readiness gate x/y, which somebody else opens."],
        ),
        (pod(), [], ["Pod default/p is pending on n.", "Nothing is said about it yet; its node n has it."]),
    ],
)  # fmt: skip
def test_pods_with_a_node(obj: Object, events: list[Object], lines: list[str]) -> None:
    assert explain(known(obj, *events), NOW) == lines


def test_a_pod_without_a_node_is_asked_about_at_each() -> None:
    found = explain(known(pod(on=""), node=None, lists={NODES: [node(unschedulable=True)]}), NOW)
    assert found[:3] == [
        "Pod default/p is pending.", "It waits for a node for 60s: none of 1 will do.",
        "  1 node closed to new pods (cordoned) (n)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("meta", "lines"),
    [
        ({"deletionGracePeriodSeconds": 30, "deletionTimestamp": "2026-01-01T12:00:20Z"},
         ["It waits for its containers to end, which were given 30 seconds."]),
        ({"deletionGracePeriodSeconds": 30, "deletionTimestamp": BEFORE},
         ["It waits for its containers to end, which were given 30 seconds, which were over 60s ago."]),
        ({"deletionGracePeriodSeconds": 0, "deletionTimestamp": BEFORE, "finalizers": ["a/b", "c/d"]},
         ["It waits for whoever takes off its 2 finalizers: a/b, c/d."]),
    ],
)  # fmt: skip
def test_pods_that_are_ending(meta: Object, lines: list[str]) -> None:
    assert explain(known(pod(phase="Running", meta=meta)), NOW) == ["Pod default/p is being deleted.", *lines]


@pytest.mark.parametrize(
    ("machine", "text"),
    [(None, "Its node n is not there."), (node(ready="Unknown"), "Its node n is not ready: nobody has heard of it.")],
)
def test_nodes_that_do_not_do_their_part(machine: Object | None, text: str) -> None:
    assert text in explain(known(pod(), node=machine), NOW)


@pytest.mark.parametrize(
    ("claim", "events", "text"),
    [
        (claim_object("data"), [], "Its claim data is not bound yet."),
        (claim_object("data"), [event("ProvisioningFailed", "no disk")], "Its claim data is not bound: no disk."),
    ],
)
def test_claims_that_are_not_bound(claim: Object, events: list[Object], text: str) -> None:
    found = known(pod(), claims={"data": claim}, claim_events={"data": events})
    assert text in explain(found, NOW)


def test_claims_that_wait_for_the_pod_or_are_bound_are_no_trouble() -> None:
    waiting = {"data": [event("WaitForFirstConsumer", "waiting")]}
    found = known(pod(on=""), node=None, claims={"data": claim_object("data")}, claim_events=waiting)
    assert not any("claim" in each for each in explain(found, NOW))
    bound = known(pod(phase="Running", status=READY), claims={"data": claim_object("data", bound="pv")})
    assert len(explain(bound, NOW)) == 2
