"""Spreading over domains."""

import math

import pytest

from tests.unit.kube.scheduler.objects import (
    WEB,
    asking,
    facts,
    node,
    node_affinity,
    placed,
    pod,
    refused,
    spread,
    term,
)  # fmt: skip
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import NOTHING
from wherry.kube.scheduler.model import HOSTNAME, ZONE, Spread
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.spreading import UNCONSTRAINED, HardSpreads, constraints_of, soft_scores

TAINTED = [{"key": "k", "effect": "NoSchedule"}]
NODES = [node("a1", zone="a"), node("a2", zone="a"), node("b1", zone="b"), node("c1", zone="c", labels={"disk": "ssd"})]
NAMES = ["a1", "a2", "b1", "c1", "none"]


def webs(**counts: int) -> list[Object]:
    return [pod(f"{name}-{number}", name, labels=WEB) for name, count in counts.items() for number in range(count)]


def known_with(there: list[Object], *more: Object) -> Facts:
    return facts([*NODES, node("none"), *more], there)


def kept(there: list[Object], *constraints: Object, **more: object) -> str:
    known = known_with(there)
    new = pod(labels=WEB, topologySpreadConstraints=list(constraints), **more)
    asked = asking(known, new)
    found = HardSpreads(asked, constraints_of(asked, known.owners).hard)
    return " ".join(name for name in NAMES if found.keep([known.cluster.nodes[name].slot]))


@pytest.mark.parametrize(
    ("there", "constraint", "nodes"),
    [
        (webs(), spread(), "a1 a2 b1 c1"),
        (webs(a1=1), spread(), "b1 c1"),
        (webs(a1=1), spread(skew=2), "a1 a2 b1 c1"),
        (webs(a1=1, a2=1, b1=1), spread(skew=2), "b1 c1"),
        (webs(a1=1, b1=1, c1=1), spread(), "a1 a2 b1 c1"),
        (webs(a1=1, b1=1, c1=1), spread(minDomains=4), ""),
        (webs(a1=1, b1=1, c1=1), spread(minDomains=3), "a1 a2 b1 c1"),
        (webs(none=5), spread(), "a1 a2 b1 c1"),
        (webs(a1=1), spread(HOSTNAME), "a2 b1 c1 none"),
        (webs(a1=1, none=1), spread(HOSTNAME), "a2 b1 c1"),
        (webs(a1=2), spread(labelSelector={}), "a1 a2 b1 c1"),
        (webs(a1=2), spread(labelSelector=None), "a1 a2 b1 c1"),
        (webs(a1=2), spread(labelSelector={"matchLabels": {"app": "db"}}), "a1 a2 b1 c1"),
    ],
)
def test_no_domain_has_too_many(there: list[Object], constraint: Object, nodes: str) -> None:
    assert kept(there, constraint) == nodes


def test_all_constraints_hold_and_only_nodes_with_all_labels_count() -> None:
    assert kept(webs(a1=1, b1=1, c1=1, none=9), spread(), spread(HOSTNAME)) == "a2"


def test_other_namespaces_and_who_is_ending_do_not_count() -> None:
    ending = pod("e", "a1", labels=WEB, meta={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    assert kept([pod("o", "a1", labels=WEB, namespace="x"), ending], spread()) == "a1 a2 b1 c1"


def test_nodes_where_the_pod_cannot_be_count_only_if_told() -> None:
    """One pod in each of the zones where it could be, and none in the other."""
    here = {"team": "here"}
    nodes = [node("a", zone="a", labels=here), node("b", zone="b", labels=here), node("c", zone="c")]
    known = facts(nodes, webs(a=1, b=1))
    for demand in ({"nodeSelector": here}, {"affinity": node_affinity(term("team", "In", "here"))}):
        mine = pod(labels=WEB, topologySpreadConstraints=[spread()], **demand)
        assert placed(known, mine) in ("a", "b")
        mine = pod(labels=WEB, topologySpreadConstraints=[spread(nodeAffinityPolicy="Ignore")], **demand)
        assert "2 node(s) didn't match pod topology spread constraints" in refused(known, mine)


def test_taints_count_only_if_told() -> None:
    nodes = [node("a", zone="a"), node("b", zone="b", taints=TAINTED)]
    for policy, does in (({}, False), ({"nodeTaintsPolicy": "Honor"}, True)):
        known = facts(nodes, webs(a=1))
        new = pod(labels=WEB, topologySpreadConstraints=[spread(**policy)])
        if does:
            assert placed(known, new) == "a"
        else:
            assert "1 node(s) didn't match pod topology spread constraints" in refused(known, new)


def test_refusals_are_in_upstreams_words() -> None:
    known = facts([node("a", zone="a"), node("b", zone="b", unschedulable=True), node("none")], webs(a=1))
    assert refused(known, pod(labels=WEB, topologySpreadConstraints=[spread()])).startswith(
        "0/3 nodes are available: 1 node(s) didn't match pod topology spread constraints, "
        "1 node(s) didn't match pod topology spread constraints (missing required label), "
        "1 node(s) were unschedulable."
    )


def scored(there: list[Object], *constraints: Object, names: list[str] = NAMES[:4]) -> list[int] | None:
    known = known_with(there)
    asked = asking(known, pod(labels=WEB, topologySpreadConstraints=list(constraints)))
    slots = [known.cluster.nodes[name].slot for name in names]
    return soft_scores(asked, constraints_of(asked, known.owners), slots)


@pytest.mark.parametrize(
    ("there", "constraint", "wanted"),
    [
        (webs(), spread(hard=False), None),
        (webs(a1=1), spread(), None),
        (webs(a1=1), spread(hard=False), [0, 0, 100, 100]),
        (webs(a1=3, b1=1), spread(hard=False), [0, 0, 60, 100]),
        (webs(a1=3), spread(HOSTNAME, hard=False), [0, 100, 100, 100]),
        (webs(a1=3), spread(hard=False, skew=5), [44, 44, 100, 100]),
        (webs(a1=3), spread(hard=False, labelSelector={}), None),
    ],
)
def test_the_emptier_the_domain_the_better(there: list[Object], constraint: Object, wanted: list[int] | None) -> None:
    assert scored(there, constraint) == wanted


def test_each_constraint_weighs_by_the_number_of_its_domains() -> None:
    """Zones a, b, c and 4 hosts: one pod in a1 makes a1 fuller by both, a2 by its zone only."""
    zones, hosts = math.log(3 + 2), math.log(4 + 2)
    full = [int(zones + hosts + 0.5), int(zones + 0.5), 0, 0]
    wanted = [100 * (full[0] - each) // full[0] for each in full]
    assert scored(webs(a1=1), spread(hard=False), spread(HOSTNAME, hard=False)) == wanted


def test_who_misses_a_label_is_ignored_and_gets_nothing() -> None:
    assert scored(webs(a1=1), spread(hard=False), names=["a1", "b1", "none"]) == [0, 100, 0]
    assert scored(webs(), spread(hard=False), names=["a1", "none"]) == [100, 0]
    assert scored(webs(), spread(hard=False), names=["none"]) is None


def owned(known: Facts) -> Object:
    known.owners.set("Service", "default", "web", {"spec": {"selector": WEB}})
    return pod(labels=WEB)


def test_pods_of_a_service_are_spread_over_hosts_and_zones_by_default() -> None:
    known = known_with(webs(a1=4, b1=1, none=2))
    asked = asking(known, owned(known))
    found = constraints_of(asked, known.owners)
    assert [(each.topology_key, each.max_skew) for each in found.soft] == [(HOSTNAME, 3), (ZONE, 5)]
    assert not found.hard and not found.needs_all
    names = ["a1", "a2", "b1", "c1", "none"]
    scores = soft_scores(asked, found, [known.cluster.nodes[name].slot for name in names])
    assert scores is not None and scores[0] < scores[1] < scores[2] < scores[3] == scores[4] == 100


def test_pods_of_nobody_are_not_spread() -> None:
    known = known_with(webs(a1=4))
    assert constraints_of(asking(known, pod(labels=WEB)), known.owners) is UNCONSTRAINED


def test_other_defaults_can_be_told() -> None:
    profile = Profile("strict", spreads=(Spread(ZONE, NOTHING, 1, hard=True),))
    known = facts(NODES[:3], webs(a1=1))
    assert placed(known, owned(known), profile) == "b1"
    assert placed(known, pod("own", labels=WEB, topologySpreadConstraints=[spread(HOSTNAME)]), profile) in ("a2", "b1")
    nothing = Profile("none", spreads=())
    assert constraints_of(asking(known, owned(known), nothing), known.owners).soft == ()
