"""The best of several."""

from random import Random

import pytest

from tests.unit.kube.scheduler.objects import (
    WEB,
    asking,
    facts,
    node,
    placed,
    pod,
    pod_affinity,
    read,
    spread,
    term,
)  # fmt: skip
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.model import HOSTNAME
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.refusals import Plugin
from wherry.kube.scheduler.scoring import best, totals
from wherry.kube.scheduler.spreading import UNCONSTRAINED

AVOID = {"key": "k", "value": "v", "effect": "PreferNoSchedule"}
SSD = [{"weight": 10, "preference": {"matchExpressions": [term("disk", "In", "ssd")]}}]
LIKES_SSD = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": SSD}}


@pytest.mark.parametrize(
    ("other", "new"),
    [
        (node("b", taints=[AVOID]), pod()),
        (node("b", cpu="2"), pod(cpu="1")),
    ],
)
def test_the_other_node_is_worse(other: Object, new: Object) -> None:
    assert placed(facts([node("a"), other]), new) == "a"


@pytest.mark.parametrize(
    ("more", "new"),
    [
        ({"labels": {"disk": "ssd"}}, pod(affinity=LIKES_SSD)),
        ({"images": {"demo:1": 900 << 20}}, pod()),
        ({"cpu": "8", "memory": "32Gi"}, pod(cpu="1", memory="4Gi")),
        ({"taints": [AVOID], "labels": {"disk": "ssd"}}, pod(affinity=LIKES_SSD, tolerations=[{"operator": "Exists"}])),
    ],
)
def test_the_node_is_better(more: dict[str, object], new: Object) -> None:
    assert placed(facts([node("a"), node("b", **more), node("c")]), new) == "b"  # type: ignore[arg-type]


def test_weights_decide_between_reasons() -> None:
    """A taint to avoid weighs 3, a liked label 2."""
    known = facts([node("a"), node("b", taints=[AVOID], labels={"disk": "ssd"})])
    assert placed(known, pod(affinity=LIKES_SSD)) == "a"
    weights = {Plugin.TAINTS: 1, Plugin.NODE_AFFINITY: 2}
    assert placed(known, pod(affinity=LIKES_SSD), Profile("x", weights=weights)) == "b"


def test_totals_are_weighted_sums() -> None:
    there = [pod("w", "a", labels=WEB, cpu="0", memory="0")]
    known = facts([node("a"), node("b", taints=[AVOID]), node("c", labels={"disk": "ssd"})], there)
    new = pod(affinity=LIKES_SSD | pod_affinity("podAffinity", HOSTNAME, 7), cpu="2", memory="8Gi")
    asked = asking(known, new)
    slots = [known.cluster.nodes[name].slot for name in "abc"]
    asked.fitting.fit(known.cluster, slots)
    everywhere = 50 + 100  # room left, and evenness
    assert list(totals(asked, UNCONSTRAINED, slots)) == [
        everywhere + 3 * 100 + 2 * 100, everywhere, everywhere + 3 * 100 + 2 * 100,
    ]  # fmt: skip


def test_an_only_one_needs_no_scores() -> None:
    asked = asking(facts([node("a")]), pod())
    assert best(asked, UNCONSTRAINED, [0], Random(0)) == 0


def test_every_one_of_the_best_has_its_chance() -> None:
    known = facts([node("a"), node("b", cpu="1"), node("c"), node("d")])
    asked = asking(known, pod(cpu="1"))
    asked.fitting.fit(known.cluster, range(4))
    taken = {best(asked, UNCONSTRAINED, range(4), Random(seed)) for seed in range(50)}
    assert taken == {0, 2, 3}


def test_soft_spreading_has_its_say() -> None:
    known = facts([node("a"), node("b")], [pod("w", "a", labels=WEB, cpu="0", memory="0")])
    constraints = [spread(HOSTNAME, hard=False)]
    assert placed(known, pod(labels=WEB, cpu="1", topologySpreadConstraints=constraints)) == "b"
    assert read(pod(labels=WEB, topologySpreadConstraints=constraints)).shape.spreads
