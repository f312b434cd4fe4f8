"""The whole status."""

from dataclasses import replace

from tests.unit.node.pods.life.facts import ended, ending, run, sandbox
from tests.unit.node.pods.rig import container, pod
from tests.unit.node.pods.status.reports import NOW_TEXT, report
from wherry.node.pods.admission import Refusal
from wherry.node.pods.status.build import status


def test_of_a_pod_that_runs() -> None:
    found = status(report(None, run()))
    assert (found["phase"], found["startTime"], found["observedGeneration"]) == ("Running", NOW_TEXT, 1)
    assert (found["podIP"], found["podIPs"]) == ("10.0.0.2", [{"ip": "10.0.0.2"}])
    assert (found["hostIP"], found["hostIPs"]) == ("192.0.2.1", [{"ip": "192.0.2.1"}])
    assert (found["reason"], found["message"]) == (None, None)


def test_when_it_began_does_not_change() -> None:
    made = pod()
    made["status"]["startTime"] = "2020-01-01T00:00:00Z"
    assert status(report(made, run()))["startTime"] == "2020-01-01T00:00:00Z"


def test_on_the_hosts_network_the_address_is_the_hosts() -> None:
    assert status(report(pod("web", container(), hostNetwork=True), run()))["podIP"] == "192.0.2.1"


def test_before_there_is_a_sandbox() -> None:
    found = status(report(sandboxes=()))
    assert found["phase"] == "Pending"
    assert "podIP" not in found
    assert found["conditions"][0] | {"lastTransitionTime": ""} == {
        "type": "PodReadyToStartContainers", "status": "False", "lastProbeTime": None, "lastTransitionTime": "",
        "observedGeneration": 1,
    }  # fmt: skip


def test_it_has_not_ended_as_long_as_something_runs() -> None:
    never = pod("web", container(), container("b"), restartPolicy="Never")
    never["status"]["phase"] = "Running"
    evicted = replace(ending(), reason="Evicted", message="low on memory", disruption="TerminationByKubelet")
    found = status(report(never, ended(), run("b"), ending=evicted))
    assert (found["phase"], found["reason"], found["message"]) == ("Running", None, None)
    assert found["conditions"][-1]["type"] == "DisruptionTarget"
    over = status(report(never, ended(), ended("b"), ending=evicted, has_stopped=True))
    assert over["phase"] == "Failed"


def test_how_it_ended_by_itself() -> None:
    never = pod("web", container(), restartPolicy="Never")
    never["status"] |= {"phase": "Running", "podIPs": [{"ip": "10.0.0.2"}]}
    found = status(report(never, ended(), ending=ending(), has_stopped=True, sandboxes=(sandbox(0, False),)))
    assert (found["phase"], found["podIP"]) == ("Succeeded", "10.0.0.2")
    del never["status"]["podIPs"]
    gone = (sandbox(0, False),)
    short = status(report(never, ended(), ending=ending(), has_stopped=True, sandboxes=gone, last_ips=("10.0.0.9",)))
    assert short["podIPs"] == [{"ip": "10.0.0.9"}]


def test_a_phase_that_is_final_stays() -> None:
    made = pod()
    made["status"] |= {"phase": "Failed", "reason": "Evicted"}
    found = status(report(made, ended(), ending=ending(), has_stopped=True))
    assert (found["phase"], found["reason"]) == ("Failed", "Evicted")


def test_of_a_pod_that_was_refused() -> None:
    refusal = Refusal("OutOfcpu", "Node didn't have enough resource: cpu")
    found = status(report(refusal=refusal))
    assert found["phase"] == "Failed"
    assert (found["reason"], found["message"]) == (
        "OutOfcpu", "Pod was rejected: Node didn't have enough resource: cpu",
    )  # fmt: skip
    assert "containerStatuses" not in found
