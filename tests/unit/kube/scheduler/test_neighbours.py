"""Affinity among pods."""

import pytest

from tests.unit.kube.scheduler.objects import USUAL, WEB, asking, facts, node, placed, pod, pod_affinity, refused
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.model import HOSTNAME
from wherry.kube.scheduler.neighbours import required, scores
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.plan import Facts

NODES = [node("a1", zone="a"), node("a2", zone="a"), node("b1", zone="b"), node("c")]
NAMES = ["a1", "a2", "b1", "c"]
NEAR, FAR = "podAffinity", "podAntiAffinity"
BOTH = pod_affinity(NEAR) | pod_affinity(FAR, HOSTNAME)


def kept(new: Object, *there: Object) -> str:
    known = facts(NODES, there)
    found = required(asking(known, new))
    names = [name for name in NAMES if found is None or found.keep([known.cluster.nodes[name].slot])]
    return " ".join(names)


def scored(known: Facts, new: Object, profile: Profile = USUAL) -> list[int] | None:
    return scores(asking(known, new, profile), [known.cluster.nodes[name].slot for name in NAMES])


@pytest.mark.parametrize(
    ("new", "there", "nodes"),
    [
        (pod(), [], "a1 a2 b1 c"),
        (pod(affinity=pod_affinity(NEAR)), [pod("w", "a1", labels=WEB)], "a1 a2"),
        (pod(affinity=pod_affinity(NEAR, HOSTNAME)), [pod("w", "a1", labels=WEB)], "a1"),
        (pod(affinity=pod_affinity(NEAR)), [], ""),
        (pod(affinity=pod_affinity(NEAR), labels=WEB), [], "a1 a2 b1"),
        (pod(affinity=pod_affinity(NEAR), labels=WEB), [pod("w", "b1", labels=WEB)], "b1"),
        (pod(affinity=pod_affinity(NEAR), labels=WEB), [pod("w", "c", labels=WEB)], "a1 a2 b1"),
        (pod(affinity=pod_affinity(NEAR)), [pod("w", "a1", labels=WEB, namespace="x")], ""),
        (pod(affinity=pod_affinity(NEAR, namespaces=["x"])), [pod("w", "a1", labels=WEB, namespace="x")], "a1 a2"),
        (pod(affinity=pod_affinity(FAR)), [pod("w", "a1", labels=WEB)], "b1 c"),
        (pod(affinity=pod_affinity(FAR)), [pod("w", "c", labels=WEB)], "a1 a2 b1 c"),
        (pod(affinity=pod_affinity(FAR, HOSTNAME)), [pod("w", "a1", labels=WEB)], "a2 b1 c"),
        (pod(labels=WEB), [pod("w", "a1", affinity=pod_affinity(FAR))], "b1 c"),
        (pod(), [pod("w", "a1", affinity=pod_affinity(FAR))], "a1 a2 b1 c"),
        (
            pod(labels=WEB),
            [pod("w", "a1", affinity=pod_affinity(FAR)), pod("v", "b1", affinity=pod_affinity(FAR), cpu="1")],
            "c",
        ),
        (pod(affinity=BOTH, labels=WEB), [pod("w", "a1", labels=WEB, affinity=BOTH)], "a2"),
    ],
)
def test_with_whom_pods_are(new: Object, there: list[Object], nodes: str) -> None:
    assert kept(new, *there) == nodes


def test_namespaces_are_chosen_by_their_labels() -> None:
    known = facts(NODES, [pod("w", "a1", labels=WEB, namespace="x")])
    chosen = pod(affinity=pod_affinity(NEAR, HOSTNAME, namespaceSelector={"matchLabels": {"team": "a"}}))
    assert "didn't match pod affinity rules" in refused(known, chosen)
    known.cluster.set_namespace("x", {"team": "a"})
    assert placed(known, chosen) == "a1"
    known.cluster.set_namespace("x", {"team": "b"})
    assert "didn't match pod affinity rules" in refused(known, chosen)


@pytest.mark.parametrize(
    ("new", "there", "text"),
    [
        (pod(affinity=pod_affinity(NEAR)), [], "4 node(s) didn't match pod affinity rules"),
        (
            pod(affinity=pod_affinity(FAR, HOSTNAME)),
            [pod(name, name, labels=WEB) for name in ("a1", "a2", "b1", "c")],
            "4 node(s) didn't match pod anti-affinity rules",
        ),
        (
            pod(labels=WEB),
            [pod(name, name, affinity=pod_affinity(FAR, HOSTNAME)) for name in ("a1", "a2", "b1", "c")],
            "4 node(s) didn't satisfy existing pods anti-affinity rules",
        ),
    ],
)
def test_refusals_are_in_upstreams_words(new: Object, there: list[Object], text: str) -> None:
    assert refused(facts(NODES, there), new).startswith(f"0/4 nodes are available: {text}.")


@pytest.mark.parametrize(
    ("new", "there", "wanted"),
    [
        (pod(), [pod("w", "a1", labels=WEB)], None),
        (pod(affinity=pod_affinity(NEAR, weight=5)), [], None),
        (pod(affinity=pod_affinity(NEAR, weight=5)), [pod("w", "a1", labels=WEB)], [100, 100, 0, 0]),
        (pod(affinity=pod_affinity(NEAR, HOSTNAME, 5)), [pod("w", "a1", labels=WEB)], [100, 0, 0, 0]),
        (pod(affinity=pod_affinity(FAR, weight=5)), [pod("w", "a1", labels=WEB)], [0, 0, 100, 100]),
        (
            pod(affinity=pod_affinity(NEAR, weight=5)),
            [pod("w", "a1", labels=WEB), pod("v", "a2", labels=WEB), pod("u", "b1", labels=WEB)],
            [100, 100, 50, 0],
        ),
        (pod(labels=WEB), [pod("w", "a1", affinity=pod_affinity(NEAR, weight=5))], [100, 100, 0, 0]),
        (pod(labels=WEB), [pod("w", "a1", affinity=pod_affinity(FAR, weight=5))], [0, 0, 100, 100]),
        (pod(labels=WEB), [pod("w", "a1", affinity=pod_affinity(NEAR))], [100, 100, 0, 0]),
    ],
)
def test_who_likes_whom(new: Object, there: list[Object], wanted: list[int] | None) -> None:
    assert scored(facts(NODES, there), new) == wanted


def test_a_must_of_others_counts_as_told() -> None:
    must, wish = pod_affinity(NEAR, HOSTNAME), pod_affinity(NEAR, weight=2)
    there = [pod("w", "a1", affinity=must), pod("v", "b1", affinity=wish)]
    known = facts(NODES, there)
    assert scored(known, pod(labels=WEB), Profile("x", hard_pod_affinity_weight=4)) == [100, 0, 50, 0]
    assert scored(known, pod(labels=WEB), Profile("y", hard_pod_affinity_weight=0)) == [0, 0, 100, 0]


def test_only_those_that_were_asked_about_are_compared() -> None:
    known = facts(NODES, [pod("w", "a1", labels=WEB)])
    liked = pod(affinity=pod_affinity(NEAR, HOSTNAME, 5))
    assert scores(asking(known, liked), [known.cluster.nodes[name].slot for name in ("c", "b1")]) is None
