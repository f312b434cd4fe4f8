"""Two looks make a rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.apiserver.usage.rates import (
    Container,
    Cpu,
    Look,
    Memory,
    Node,
    Pod,
    PodRef,
    Summary,
    Used,
    duration,
    looked,
    node_metrics,
    pod_metrics,
)
from wherry.kube.machinery import quantity

SECOND = 10**9


def at(second: int) -> str:
    return f"2026-01-02T03:{second // 60:02}:{second % 60:02}.500000000Z"


def container(second: int, cpu: int, name: str = "c", started: int | None = 0, memory: int = 100) -> Container:
    start = at(started) if started is not None else ""
    return Container(name, start, Cpu(at(second), cpu), Memory(memory))


def pod(*containers: Container, uid: str = "u") -> Pod:
    return Pod(PodRef("p", "ns", uid), list(containers))


def summary(second: int, cpu: int, *pods: Pod) -> Summary:
    return Summary(Node(Cpu(at(second), cpu), Memory(5000)), list(pods))


def test_the_first_look_has_no_rate_of_what_is_old() -> None:
    found = looked({}, summary(1000, 5, pod(container(1000, 5))))
    assert found.node is None and found.pods == ()


def test_the_second_has() -> None:
    first = looked({}, summary(1000, 0, pod(container(1000, 0))))
    found = looked(first.points, summary(1010, 20 * SECOND, pod(container(1010, 5 * SECOND))))
    assert found.node is not None
    assert (found.node.nanocores, found.node.window_seconds, found.node.memory_bytes) == (2 * SECOND, 10.0, 5000)
    (only,) = found.pods
    assert (only.namespace, only.name, only.uid) == ("ns", "p", "u")
    assert only.containers["c"].nanocores == SECOND // 2


def test_a_container_that_has_just_begun_needs_one_look() -> None:
    found = looked({}, summary(1000, 0, pod(container(1000, 5 * SECOND, started=990))))
    assert found.pods[0].containers["c"].nanocores == SECOND // 2


@pytest.mark.parametrize(
    "second",
    [
        container(1010, 1, started=1005),  # another run of it, not a second old enough to say anything
        container(1010, 1, started=None),
    ],
)
def test_another_run_is_another_count(second: Container) -> None:
    first = looked({}, summary(1000, 0, pod(container(1000, 50 * SECOND))))
    found = looked(first.points, summary(1010, 0, pod(second)))
    assert all(used.nanocores <= SECOND for each in found.pods for used in each.containers.values())


def test_half_a_pod_is_no_pod() -> None:
    first = looked({}, summary(1000, 0, pod(container(1000, 0))))
    found = looked(first.points, summary(1010, 0, pod(container(1010, 0), container(1010, 0, "new"))))
    assert found.pods == ()
    found = looked(found.points, summary(1020, 0, pod(container(1020, 0), container(1020, 0, "new"))))
    assert set(found.pods[0].containers) == {"c", "new"}


def test_a_count_that_falls_or_time_that_stands_gives_nothing() -> None:
    first = looked({}, summary(1000, 50, pod(container(1000, 50))))
    for later in (summary(1010, 40, pod(container(1010, 40))), summary(1000, 60, pod(container(1000, 60)))):
        found = looked(first.points, later)
        assert found.node is None and found.pods == ()


def test_what_is_not_measured_is_left_out() -> None:
    assert looked({}, Summary(Node(), [Pod(PodRef("p", "ns"), [Container("c")])])) == Look({})


def test_who_is_gone_is_forgotten() -> None:
    first = looked({}, summary(1000, 0, pod(container(1000, 0))))
    assert set(looked(first.points, summary(1010, 0)).points) == {("",)}


LABELS = {"app": "web"}
USED = Used(1_767_323_045.5, 15.012, 250_000_001, 10 * 1024 * 1024 + 17)


def test_the_objects() -> None:
    node = {"metadata": {"name": "n1", "labels": LABELS, "uid": "x"}}
    assert node_metrics(node, USED) == {
        "kind": "NodeMetrics",
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": {"name": "n1", "labels": LABELS, "creationTimestamp": "2026-01-02T03:04:05Z"},
        "timestamp": "2026-01-02T03:04:05Z",
        "window": "15.012s",
        "usage": {"cpu": "250000001n", "memory": "10Mi"},
    }
    found = looked({}, summary(1000, 0, pod(container(1000, 5 * SECOND, started=990)))).pods[0]
    shown = pod_metrics({"metadata": {"name": "p", "namespace": "ns"}}, found)
    assert (shown["kind"], shown["metadata"]["namespace"]) == ("PodMetrics", "ns")
    assert shown["containers"] == [{"name": "c", "usage": {"cpu": "500m", "memory": "0"}}]


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_quantities_are_canonical(nanocores: int, memory: int) -> None:
    usage = node_metrics({"metadata": {"name": "n"}}, Used(0.0, 1.0, nanocores, memory))["usage"]
    assert quantity.canonical(usage["cpu"]) == usage["cpu"] and quantity.parse(usage["cpu"]).nano == nanocores
    assert quantity.parse(usage["memory"]).nano // 10**9 == memory // 1024 * 1024


@pytest.mark.parametrize(
    ("seconds", "text"), [(15.0, "15s"), (15.0124, "15.012s"), (1.5, "1.5s"), (60.0, "1m0s"), (75.25, "1m15.25s")]
)
def test_durations_are_gos(seconds: float, text: str) -> None:
    assert duration(seconds) == text
