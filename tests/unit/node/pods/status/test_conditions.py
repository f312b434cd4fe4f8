"""Conditions."""

from tests.unit.node.pods.rig import container, pod
from tests.unit.node.pods.status.reports import NOW, NOW_TEXT
from wherry.kube.machinery.model import Object
from wherry.node.pods.status.conditions import conditions, dated

UP: Object = {"ready": True, "started": True, "state": {"running": {}}}
DOWN: Object = {"ready": False, "started": False, "state": {"waiting": {}}, "lastState": {}}


def of(made: Object, phase: str = "Running", **statuses: Object) -> dict[str, Object]:
    return {each["type"]: each for each in conditions(made, statuses, phase, True)}


def test_all_is_well() -> None:
    found = of(pod("web", container("a")), a=UP)
    assert {kind: each["status"] for kind, each in found.items()} == {
        "PodReadyToStartContainers": "True", "Initialized": "True", "Ready": "True", "ContainersReady": "True",
        "PodScheduled": "True",
    }  # fmt: skip
    assert "reason" not in found["Ready"]


def test_who_is_not_ready_is_named() -> None:
    found = of(pod("web", container("a"), container("b"), container("c")), a=UP, b=DOWN)
    assert found["ContainersReady"]["reason"] == "ContainersNotReady"
    assert found["ContainersReady"]["message"] == (
        "containers with unknown status: [c], containers with unready status: [b]"
    )
    assert found["Ready"]["message"] == found["ContainersReady"]["message"]


def test_at_the_end() -> None:
    assert of(pod("web", container("a")), "Succeeded", a=DOWN)["Ready"]["reason"] == "PodCompleted"
    assert of(pod("web", container("a")), "Failed", a=DOWN)["Ready"]["reason"] == "PodFailed"
    assert of(pod("web", container("a")), "Succeeded", a=DOWN)["Initialized"]["reason"] == "PodCompleted"


def test_init_containers() -> None:
    made = pod("web", container("a"), initContainers=[container("i"), container("s", restartPolicy="Always")])
    waiting = of(made, "Pending", i=DOWN, s=DOWN, a=DOWN)["Initialized"]
    assert (waiting["status"], waiting["message"]) == ("False", "containers with incomplete status: [i s]")
    assert of(made, "Pending", i={**DOWN, "ready": True}, s=UP, a=DOWN)["Initialized"]["status"] == "True"
    assert of(made, i=DOWN, s=DOWN, a=UP)["Initialized"]["status"] == "True"  # it has been


def test_a_sidecar_has_to_be_ready_too() -> None:
    made = pod("web", container("a"), initContainers=[container("s", restartPolicy="Always")])
    assert of(made, s=DOWN, a=UP)["Ready"]["message"] == "containers with unready status: [s]"


def test_gates() -> None:
    made = pod("web", container("a"), readinessGates=[{"conditionType": "x"}, {"conditionType": "y"}])
    made["status"]["conditions"] = [{"type": "y", "status": "False"}]
    found = of(made, a=UP)
    assert found["ContainersReady"]["status"] == "True"
    assert found["Ready"]["reason"] == "ReadinessGatesNotReady"
    assert found["Ready"]["message"] == (
        'corresponding condition of pod readiness gate "x" does not exist., the status of pod readiness gate "y" is '
        'not "True", but False'
    )


def test_a_time_is_that_of_the_last_change() -> None:
    made = pod()
    before = "2020-01-01T00:00:00Z"
    made["status"]["conditions"] = [
        {"type": "Ready", "status": "True", "lastTransitionTime": before},
        {"type": "Initialized", "status": "False", "lastTransitionTime": before},
    ]
    found = dated([{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "True"}], made, NOW)
    assert [each["lastTransitionTime"] for each in found] == [before, NOW_TEXT]
    assert [each["observedGeneration"] for each in found] == [1, 1]


def test_what_is_to_be_taken_away_has_no_time() -> None:
    assert dated([{"type": "X", "status": None}], pod(), NOW) == [{"type": "X", "status": None}]
