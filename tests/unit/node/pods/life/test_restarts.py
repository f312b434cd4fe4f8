"""Whether and when a container starts again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.node.pods.life.facts import ended
from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.life import restarts
from wherry.node.pods.view import Member, Role


def member(**more: object) -> Member:
    return Member(container(**more), Role.REGULAR)


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [
        ("Always", 0, True), ("Always", 1, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 0, False),
        ("Never", 1, False),
    ],
)  # fmt: skip
def test_policies(policy: str, code: int, again: bool) -> None:
    found = pod("web", container(), restartPolicy=policy)
    assert restarts.restarts(found, member(), code) is again
    assert restarts.restarts(pod(), member(restartPolicy=policy), code) is again  # the container's own counts


@pytest.mark.parametrize(("operator", "code", "again"), [("In", 42, True), ("In", 1, False), ("NotIn", 1, True)])
def test_rules_come_first(operator: str, code: int, again: bool) -> None:
    rule = {"action": "Restart", "exitCodes": {"operator": operator, "values": [42]}}
    found = member(restartPolicy="Never", restartPolicyRules=[rule])
    assert restarts.restarts(pod(), found, code) is again


def test_ephemeral_containers_never() -> None:
    assert not restarts.restarts(pod(), Member(container(), Role.EPHEMERAL), 1)


def test_another_image_is_another_chance() -> None:
    never = pod("web", container(image="demo:2"), restartPolicy="Never")
    assert restarts.should_start(never, next(view.members(never)), ended())
    same: Object = pod("web", container(), restartPolicy="Never")
    assert not restarts.should_start(same, next(view.members(same)), ended())


def test_waits_grow_to_five_minutes() -> None:
    assert (restarts.wait_seconds(None), restarts.grown_seconds(None)) == (0.0, 0.0)
    assert (restarts.wait_seconds(ended()), restarts.grown_seconds(ended())) == (0.0, 10.0)
    seen, backoff = [], 10.0
    for _ in range(7):
        last = ended(backoff=backoff)
        seen.append(restarts.wait_seconds(last))
        backoff = restarts.grown_seconds(last)
    assert seen == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]


def test_ten_minutes_of_running_are_forgiveness() -> None:
    last = ended(backoff=300.0, ran_seconds=601)
    assert (restarts.wait_seconds(last), restarts.grown_seconds(last)) == (0.0, 10.0)


def test_the_words() -> None:
    assert restarts.crash_loop(pod(), "web", 160.0) == (
        "CrashLoopBackOff",
        "back-off 2m40s restarting failed container=web pod=web_default(uid-web)",
    )
    assert [restarts.duration(each) for each in (10, 60, 300)] == ["10s", "1m0s", "5m0s"]


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_wait_is_never_longer_than_it_may_be(backoff: float, ran: float) -> None:
    last = ended(backoff=backoff, ran_seconds=ran)
    assert 0 <= restarts.wait_seconds(last) <= 300
    assert 10 <= restarts.grown_seconds(last) <= 300
