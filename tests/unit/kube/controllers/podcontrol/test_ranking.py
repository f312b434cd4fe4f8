from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.workloads import pod
from wherry.kube.controllers.podcontrol.ranking import DELETION_COST, deletion_cost, first_to_go
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def cost(value: str) -> Object:
    return {DELETION_COST: value}


def restarted(name: str, times: int) -> Object:
    found = pod(name)
    found["status"]["containerStatuses"] = [{"name": "c", "restartCount": times}, {"name": "d"}]
    return found


def sidecar(name: str, times: int, policy: str) -> Object:
    found = pod(name)
    found["spec"]["initContainers"] = [{"name": "i", "restartPolicy": policy}]
    found["status"]["initContainerStatuses"] = [{"name": "i", "restartCount": times}]
    return found


@pytest.mark.parametrize(
    ("goes", "stays"),
    [
        (pod("z", node=""), pod("a", phase="Pending", ready=False)),
        (pod("z", phase="Pending", ready=False), pod("a", phase="Unknown")),
        (pod("z", phase="Unknown"), pod("a", ready=False)),
        (pod("z", ready=False), pod("a", annotations=cost("-5"))),
        (pod("z", annotations=cost("-1")), pod("a")),
        (pod("z", ready="2026-01-01T23:59:00Z"), pod("a", ready="2026-01-01T00:00:00Z")),
        (restarted("z", 3), restarted("a", 2)),
        (sidecar("z", 3, "Always"), sidecar("a", 2, "Always")),
        (sidecar("a", 2, "Always"), sidecar("z", 9, "")),
        (pod("z", creationTimestamp="2026-01-01T23:59:00Z"), pod("a", creationTimestamp="2026-01-01T00:00:00Z")),
        (pod("z", creationTimestamp="2026-01-05T00:00:00Z"), pod("a", creationTimestamp="2026-01-01T23:59:59Z")),
        (pod("a"), pod("z")),
        (pod("a", creationTimestamp="2026-01-01T01:00:00Z"), pod("z", creationTimestamp="2026-01-01T01:30:00Z")),
    ],
)
def test_which_of_two_goes_first(goes: Object, stays: Object) -> None:
    for pods in ([goes, stays], [stays, goes]):
        assert first_to_go(pods, (), 1, NOW) == [goes]


def test_a_node_that_has_more_of_them_loses_some_first() -> None:
    one, two = pod("a", node="n1"), pod("b", node="n2")
    related = [one, two, pod("c", node="n2"), pod("d", node="n1", phase="Failed")]
    assert first_to_go([one, two], related, 1, NOW) == [two]


def test_when_all_must_go_their_order_does_not_matter() -> None:
    pods = [pod("b"), pod("a", node="")]
    assert first_to_go(pods, (), 2, NOW) == pods


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", 7), ("-7", -7), ("0", 0), ("", 0), ("07", 0), ("+7", 0), ("x", 0), ("2147483648", 0)],
)
def test_a_cost_that_cannot_be_read_is_none(text: str, expected: int) -> None:
    assert deletion_cost(pod(annotations=cost(text))) == expected


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(["Pending", "Running"]), st.booleans()), max_size=8), st.data()
)
def test_those_that_go_are_never_better_than_those_that_stay(
    facts: list[tuple[bool, str, bool]], data: st.DataObject
) -> None:
    pods = [
        pod(str(number), node="n" if on_node else "", phase=phase, ready=ready)
        for number, (on_node, phase, ready) in enumerate(facts)
    ]
    count = data.draw(st.integers(0, len(pods)))
    gone = first_to_go(pods, pods, count, NOW)
    assert len(gone) == count
    kept = [each for each in pods if each not in gone]
    if any(not each["spec"].get("nodeName") for each in kept):
        assert all(not each["spec"].get("nodeName") for each in gone)
