from tests.unit.kube.controllers.daemonset.daemons import daemon, daemon_pod, facts
from wherry.kube.controllers.daemonset.fitting import NO, RUNS, STAYS
from wherry.kube.controllers.daemonset.status import seconds_to_next, status_of


def test_nodes_are_counted_by_what_is_on_them() -> None:
    nodes = {"a": RUNS, "b": RUNS, "c": RUNS, "d": STAYS, "e": NO}
    pods = {
        "a": [daemon_pod("a2", "a", second=5, ready=False), daemon_pod("a1", "a")],
        "b": [daemon_pod("b1", "b", old=True, ready=False)],
        "c": [], "d": [daemon_pod("d1", "d")], "e": [],
    }  # fmt: skip
    mine = daemon()
    mine["status"]["conditions"] = [{"type": "Mine"}]
    assert status_of(facts(mine, pods, nodes), 2) == {
        "currentNumberScheduled": 2, "numberMisscheduled": 1, "desiredNumberScheduled": 3, "numberReady": 1,
        "updatedNumberScheduled": 1, "numberAvailable": 1, "numberUnavailable": 2, "observedGeneration": 1,
        "collisionCount": 2, "conditions": [{"type": "Mine"}],
    }  # fmt: skip


def test_figures_that_are_always_there() -> None:
    assert status_of(facts(daemon(), {}), 0) == {
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        "observedGeneration": 1,
    }  # fmt: skip


def test_when_the_next_pod_has_been_ready_for_long_enough() -> None:
    pods = {"a": [daemon_pod("a", "a", ready="2026-01-01T00:00:50Z")], "b": [daemon_pod("b", "b", ready=False)]}
    assert seconds_to_next(facts(daemon(minReadySeconds=15), pods)) == 5.0
    assert seconds_to_next(facts(daemon(minReadySeconds=9), pods)) is seconds_to_next(facts(daemon(), pods)) is None
