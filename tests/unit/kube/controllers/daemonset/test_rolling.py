from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.daemonset.daemons import daemon, daemon_pod, facts, said
from wherry.kube.controllers.daemonset.fitting import RUNS, STAYS
from wherry.kube.controllers.daemonset.plan import limits, manage
from wherry.kube.controllers.daemonset.rolling import update
from wherry.kube.machinery.model import Object

GONE = {"deletionTimestamp": "2026-01-01T00:01:00Z"}


def old(where: str, **state: Any) -> Object:
    return daemon_pod(f"old-{where}", where, old=True, **state)


def new(where: str, **state: Any) -> Object:
    return daemon_pod(f"new-{where}", where, second=5, **state)


def planned(owner: Object, **pods: list[Object]) -> list[str]:
    return said(update(facts(owner, pods, dict.fromkeys(pods, RUNS))))


def test_so_many_old_pods_go_as_may_be_missing() -> None:
    all_old = {name: [old(name)] for name in "abc"}
    assert planned(daemon(), **all_old) == ["-old-a"]
    assert planned(daemon(unavailable=2), **all_old) == ["-old-a", "-old-b"]
    assert planned(daemon(), a=[new("a", ready=False)], b=[old("b")]) == []
    assert planned(daemon(), a=[], b=[old("b")]) == []
    assert planned(daemon(), a=[new("a")], b=[old("b")]) == ["-old-b"]
    assert planned(daemon(), a=[new("a")], b=[new("b")]) == []


def test_old_pods_that_serve_nobody_go_at_once() -> None:
    assert planned(daemon(), a=[old("a", ready=False)], b=[old("b", ready=False)], c=[old("c")]) == [
        "-old-a", "-old-b",
    ]  # fmt: skip


def test_what_is_to_be_put_right_first_counts_as_missing() -> None:
    assert planned(daemon(), a=[old("a"), new("a")], b=[old("b")]) == []
    assert planned(daemon(), a=[new("a"), new("a")], b=[old("b")]) == []
    assert planned(daemon(), a=[old("a", **GONE)], b=[old("b")]) == []


def test_on_nodes_that_take_no_new_pods_old_ones_stay() -> None:
    assert said(update(facts(daemon(), {"a": [old("a")]}, {"a": STAYS}))) == []


def test_with_surge_new_pods_come_first() -> None:
    mine = daemon(surge=1, unavailable=0)
    all_old = {name: [old(name)] for name in "abc"}
    assert planned(mine, **all_old) == ["+a"]
    assert planned(mine, a=[old("a"), new("a", ready=False)], b=[old("b")]) == []
    assert planned(mine, a=[old("a"), new("a")], b=[old("b")]) == ["+b", "-old-a"]
    assert planned(mine, a=[old("a", ready=False)], b=[old("b", ready=False)], c=[old("c")]) == ["+a", "+b", "+c"]
    assert planned(mine, a=[old("a", ready=False), new("a", ready=False)]) == ["-old-a"]
    assert planned(mine, a=[new("a")], b=[]) == []
    assert planned(mine, a=[old("a"), old("a"), new("a")], b=[old("b")]) == []


@given(
    st.lists(st.sampled_from(["none", "old", "new", "old unready", "both"]), max_size=6),
    st.sampled_from([(0, 1), (0, 2), (0, "50%"), (1, 0), (2, 0), ("100%", 0)]),
    st.lists(st.integers(0, 9), max_size=60),
)  # fmt: skip
def test_an_update_keeps_its_limits_and_comes_to_an_end(
    states: list[str], allowed: tuple[int | str, int | str], luck: list[int]
) -> None:
    mine = daemon(surge=allowed[0], unavailable=allowed[1])
    pods = {f"n{number}": _in_state(f"n{number}", state) for number, state in enumerate(states)}
    surge, missing = limits(facts(mine, pods, dict.fromkeys(pods, RUNS)))
    for number in [*luck, *range(150)]:
        known = facts(mine, pods, dict.fromkeys(pods, RUNS))
        found = manage(known)
        if not found.create and not found.delete:
            before = sum(any(map(known.is_available, each)) for each in pods.values())
            found = update(known)
            gone = [each["metadata"]["uid"] for each in found.delete if known.is_available(each)]
            after = sum(any(known.is_available(pod) and pod["metadata"]["uid"] not in gone for pod in each)
                        for each in pods.values())  # fmt: skip
            assert after >= min(before, len(pods) - missing)
            both = sum(len(each) > 1 for each in pods.values())
            assert surge or not found.create
            assert not surge or len([name for name in found.create if any(map(known.is_available, pods[name]))]) <= (
                max(surge - both, 0) + both
            )
        for name in found.create:
            pods[name].append(daemon_pod(f"{name}-{len(pods[name])}", name, second=len(pods[name]), ready=False))
        for each in found.delete:
            where = each["spec"]["nodeName"]
            pods[where] = [pod for pod in pods[where] if pod is not each]
        _wake(pods, number)
    assert said(manage(known)) == said(update(known)) == []
    assert all(len(each) == 1 and known.is_updated(each[0]) for each in pods.values())


def _in_state(name: str, state: str) -> list[Object]:
    if state == "none":
        return []
    if state == "both":
        return [old(name), new(name)]
    return [new(name) if state == "new" else old(name, ready=state == "old")]


def _wake(pods: dict[str, list[Object]], number: int) -> None:
    """One pod that is not ready becomes so."""
    waiting = [
        (name, at)
        for name in sorted(pods)
        for at, each in enumerate(pods[name])
        if not each["status"].get("conditions")
    ]
    if waiting:
        name, at = waiting[number % len(waiting)]
        pods[name][at] = {**pods[name][at], "status": new(name)["status"]}
