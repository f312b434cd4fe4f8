"""What a scheduler can be told."""

from tests.unit.kube.scheduler.objects import facts, node, node_affinity, placed, pod, refused, term
from wherry.kube.machinery.nodeselectors import node_demand
from wherry.kube.scheduler.affinity import node_preferences
from wherry.kube.scheduler.options import Options, Profile, Strategy
from wherry.kube.scheduler.refusals import Plugin


def test_weights_are_upstreams_but_for_who_has_no_say() -> None:
    profile = Profile(disabled=frozenset({Plugin.SPREAD}))
    assert [profile.weight(each) for each in (Plugin.TAINTS, Plugin.NODE_AFFINITY, Plugin.SPREAD, Plugin.PORTS)] == [
        3, 2, 0, 0,
    ]  # fmt: skip
    assert profile.has(Plugin.TAINTS) and not profile.has(Plugin.SPREAD)
    assert [each.name for each in Options().profiles] == ["default-scheduler"]


def test_nodes_can_be_filled_up_instead_of_kept_free() -> None:
    known = facts([node("a"), node("b")], [pod("p", "a", cpu="1", memory="4Gi")])
    assert placed(known, pod(cpu="1", memory="4Gi")) == "b"
    assert placed(known, pod(cpu="1", memory="4Gi"), Profile("x", strategy=Strategy.MOST_ALLOCATED)) == "a"


def test_affinity_can_be_added_to_that_of_all_pods() -> None:
    known = facts([node("a"), node("b", labels={"team": "x"}), node("c", labels={"team": "y"})])
    added = node_demand({"affinity": node_affinity(term("team", "In", "x"))}).terms
    assert placed(known, pod(), Profile("x", added_affinity=added)) == "b"
    assert refused(known, pod(nodeSelector={"team": "y"}), Profile("x", added_affinity=added)).startswith(
        "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
        "2 node(s) didn't match scheduler-enforced node affinity."
    )
    liked = {"weight": 1, "preference": {"matchExpressions": [term("team", "In", "y")]}}
    preferences = node_preferences({"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [liked]}})
    assert placed(known, pod(), Profile("y", added_preferences=preferences)) == "c"


def test_resources_can_be_somebody_elses_business() -> None:
    known = facts([node("a")])
    mine = pod()
    mine["spec"]["containers"][0]["resources"] = {"requests": {"example.com/gpu": "1"}}
    assert "Insufficient example.com/gpu" in refused(known, mine)
    for ignored in ("example.com", "example.com/gpu"):
        assert placed(known, mine, Profile(ignored, ignored_resources=frozenset({ignored}))) == "a"
    assert "Insufficient cpu" in refused(known, pod(cpu="99"), Profile("z", ignored_resources=frozenset({"cpu"})))
