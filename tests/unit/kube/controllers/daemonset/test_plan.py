from typing import Any

import pytest

from tests.unit.kube.controllers.daemonset.daemons import daemon, daemon_pod, facts, said
from wherry.kube.controllers.daemonset.fitting import NO, RUNS, STAYS
from wherry.kube.controllers.daemonset.plan import AT_ONCE, limits, manage
from wherry.kube.machinery.model import Object

GONE: Any = {"deletionTimestamp": "2026-01-01T00:01:00Z"}


@pytest.mark.parametrize(
    ("surge", "unavailable", "expected"),
    [(0, 1, (0, 1)), (0, "25%", (0, 2)), ("10%", 0, (1, 0)), (0, 0, (0, 1)), (3, 0, (3, 0))],
)
def test_limits_are_of_the_nodes_that_have_one(surge: int | str, unavailable: int | str, expected: object) -> None:
    nodes = {**dict.fromkeys("abcde", RUNS), "f": STAYS, "g": NO}
    assert limits(facts(daemon(surge=surge, unavailable=unavailable), {}, nodes)) == expected


def test_each_node_that_fits_has_one() -> None:
    nodes = {"a": RUNS, "b": RUNS, "c": STAYS, "d": NO}
    assert said(manage(facts(daemon(), {}, nodes))) == ["+a", "+b"]
    pods = {name: [daemon_pod(f"on-{name}", name)] for name in nodes}
    assert said(manage(facts(daemon(), pods, nodes))) == ["-on-d"]
    dying = {"d": [daemon_pod("x", "d", **GONE)], "a": [daemon_pod("y", "a", **GONE)]}
    assert said(manage(facts(daemon(), dying, {"a": RUNS, "d": NO}))) == []


def test_only_so_many_at_once() -> None:
    many = {f"n{number}": RUNS for number in range(400)}
    assert len(manage(facts(daemon(), {}, many)).create) == AT_ONCE


def test_of_several_on_a_node_the_oldest_stays_and_one_that_runs_before_one_that_does_not() -> None:
    young, old, waiting = (
        daemon_pod("young", "a", second=9), daemon_pod("old", "a", second=1), daemon_pod("waiting", "", second=0),
    )  # fmt: skip
    assert said(manage(facts(daemon(), {"a": [young, old, waiting]}))) == ["-young", "-waiting"]


def test_pods_that_have_ended_go_where_they_keep_failing_not_too_often() -> None:
    failed, done = daemon_pod("failed", "a", phase="Failed"), daemon_pod("done", "b", phase="Succeeded")
    found = manage(facts(daemon(), {"a": [failed], "b": [done]}))
    assert said(found) == ["-failed", "-done"] and found.ended == [failed, done]
    found = manage(facts(daemon(), {"a": [failed], "b": [done]}, pause=lambda name: 7.0))
    assert said(found) == ["-done"] and found.again == 7.0


def test_pods_for_a_node_that_is_gone_go_if_they_do_not_run_there() -> None:
    meant, there = daemon_pod("meant", ""), daemon_pod("there", "x")
    assert said(manage(facts(daemon(), {"x": [meant, there, daemon_pod("dying", "", **GONE)]}, {}))) == ["-meant"]


def surging(*pods: Object, runs: bool = True) -> list[str]:
    return said(manage(facts(daemon(surge=1, unavailable=0), {"a": list(pods)}, {"a": RUNS if runs else STAYS})))


def test_with_surge_a_new_pod_runs_beside_a_ready_old_one() -> None:
    old, new = daemon_pod("old", "a", old=True), daemon_pod("new", "a", second=5, ready=False)
    assert surging(old, new) == []
    assert surging(old, daemon_pod("new", "a", second=5)) == ["-old"]
    assert surging(daemon_pod("old", "a", old=True, ready=False), new) == ["-old"]
    assert surging(old, new, daemon_pod("third", "a", second=9)) == ["-third"]
    assert surging(daemon_pod("old", "a", old=True, **GONE)) == ["+a"]
    assert surging(daemon_pod("old", "a", old=True, **GONE), runs=False) == []
    on_delete = daemon(updateStrategy={"type": "OnDelete"})
    assert said(manage(facts(on_delete, {"a": [old, new]}))) == ["-new"]
