"""Phases."""

import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods.status.phase import phase

WAITING = {"state": {"waiting": {}}}
RUNNING = {"state": {"running": {}}, "started": True}
WELL = {"state": {"terminated": {"exitCode": 0}}}
BADLY = {"state": {"terminated": {"exitCode": 1}}}
LOOPING = {"state": {"waiting": {}}, "lastState": BADLY["state"]}


def of(policy: str, is_over: bool = False, **statuses: Object) -> str:
    regular = [container(name) for name in statuses if name in ("a", "b")]
    init = [container("i")] if "i" in statuses else []
    init += [container("s", restartPolicy="Always")] if "s" in statuses else []
    made = pod("web", *regular, initContainers=init, restartPolicy=policy)
    return phase(made, statuses, is_over)


@pytest.mark.parametrize(
    ("policy", "a", "b", "wanted"),
    [
        ("Always", WAITING, RUNNING, "Pending"),
        ("Always", RUNNING, RUNNING, "Running"),
        ("Always", RUNNING, LOOPING, "Running"),
        ("Always", LOOPING, LOOPING, "Running"),
        ("Always", WELL, WELL, "Running"),
        ("OnFailure", WELL, WELL, "Succeeded"),
        ("OnFailure", WELL, BADLY, "Running"),
        ("Never", WELL, WELL, "Succeeded"),
        ("Never", WELL, BADLY, "Failed"),
        ("Never", RUNNING, BADLY, "Running"),
    ],
)
def test_of_two_containers(policy: str, a: Object, b: Object, wanted: str) -> None:
    assert of(policy, a=a, b=b) == wanted


def test_when_all_is_over() -> None:
    assert of("Always", True, a=WELL) == "Succeeded"
    assert of("Always", True, a=BADLY) == "Failed"


@pytest.mark.parametrize(
    ("policy", "i", "wanted"),
    [
        ("Always", WAITING, "Pending"), ("Always", RUNNING, "Pending"), ("Always", BADLY, "Pending"),
        ("Always", LOOPING, "Pending"), ("Never", BADLY, "Failed"), ("Always", WELL, "Pending"),
    ],
)  # fmt: skip
def test_before_the_others_run(policy: str, i: Object, wanted: str) -> None:
    assert of(policy, i=i, a=WAITING) == wanted


def test_once_they_have_run_the_first_ones_do_not_matter() -> None:
    assert of("Always", i=LOOPING, a=RUNNING) == "Running"
    assert of("Always", s=WAITING, a=RUNNING) == "Running"


def test_a_sidecar_keeps_nothing_going() -> None:
    assert of("Never", s=RUNNING, a=WELL) == "Succeeded"
