"""Names, labels and cgroups of pods."""

import pytest

from tests.unit.node.runtime.world import container, pod
from wherry.node.runtime.naming import class_group, container_name, labels, pod_group, sandbox_name


def test_names_are_dockershims() -> None:
    assert sandbox_name(pod(attempt=2)) == "k8s_POD_pod-u1_ns_u1_2"
    assert container_name(pod(attempt=2), container(attempt=3)) == "k8s_main_pod-u1_ns_u1_3"


def test_labels_say_whose_it_is_whatever_the_agent_says_beside() -> None:
    spec = container(labels={"app": "web", "io.kubernetes.pod.uid": "other"})
    assert labels(pod(), spec, "box") == {
        "app": "web",
        "io.kubernetes.pod.name": "pod-u1",
        "io.kubernetes.pod.namespace": "ns",
        "io.kubernetes.pod.uid": "u1",
        "io.kubernetes.container.name": "main",
        "io.kubernetes.sandbox.id": "box",
    }


@pytest.mark.parametrize(
    ("qos", "group"),
    [("Guaranteed", "guaranteed"), ("Burstable", "burstable"), ("BestEffort", "besteffort"), ("?", "besteffort")],
)
def test_a_pod_lies_in_its_class(qos: str, group: str) -> None:
    assert class_group(qos) == f"kubepods/{group}"
    assert pod_group(pod(qos=qos)) == f"kubepods/{group}/podu1"
