"""Running counts."""

import pytest

from tests.unit.kube.scheduler.objects import WEB, facts, moved, node, pod, pod_affinity, read
from wherry.kube.machinery.selectors import EVERYTHING
from wherry.kube.scheduler import tallies
from wherry.kube.scheduler.model import HOSTNAME, ZONE, Scope
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.selectors import selector_of
from wherry.kube.scheduler.tallies import ScopeIndex, scope_in

WEBS = scope_in("default", selector_of({"matchLabels": WEB}))
NODES = [node("a", zone="x"), node("b", zone="x"), node("c", zone="y")]


def by_zone(known: Facts, *scopes: Scope, skips_ending: bool = False) -> dict[str, int]:
    tally = known.cluster.tallies.of(scopes, skips_ending)
    return dict(tally.by_domain(ZONE, known.cluster.topology(ZONE).values))


def test_pods_are_counted_as_they_come_and_go() -> None:
    known = facts(NODES, [pod("1", "a", labels=WEB), pod("2", "b", labels=WEB), pod("3", "a")])
    assert by_zone(known, WEBS) == {"x": 2}
    known.cluster.set_pod(read(pod("4", "c", labels=WEB)))
    known.cluster.remove_pod("uid-default-1")
    assert by_zone(known, WEBS) == {"x": 1, "y": 1}
    known.cluster.set_pod(moved(read(pod("2", labels={"app": "db"})), "b"))
    assert by_zone(known, WEBS) == {"y": 1}


def test_who_is_ending_counts_for_some_and_not_for_others() -> None:
    ending = pod("1", "a", labels=WEB, meta={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    known = facts(NODES, [pod("1", "a", labels=WEB)])
    assert by_zone(known, WEBS) == by_zone(known, WEBS, skips_ending=True) == {"x": 1}
    known.cluster.set_pod(read(ending))
    assert by_zone(known, WEBS) == {"x": 1} and by_zone(known, WEBS, skips_ending=True) == {}


def test_all_scopes_must_mean_a_pod() -> None:
    other = scope_in("default", selector_of({"matchLabels": {"tier": "1"}}))
    known = facts(NODES, [pod("1", "a", labels=WEB), pod("2", "c", labels=WEB | {"tier": "1"})])
    assert by_zone(known, WEBS, other) == {"y": 1}


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        (Scope(frozenset({"p"}), EVERYTHING), {"x": 1}),
        (Scope(frozenset({"p", "q"}), EVERYTHING), {"x": 1, "y": 1}),
        (Scope(frozenset(), EVERYTHING, EVERYTHING), {"x": 1, "y": 2}),
        (Scope(frozenset(), EVERYTHING, selector_of({"matchLabels": {"team": "a"}})), {"y": 1}),
        (Scope(frozenset({"p"}), EVERYTHING, selector_of({"matchLabels": {"team": "a"}})), {"x": 1, "y": 1}),
    ],
)
def test_namespaces(scope: Scope, counts: dict[str, int]) -> None:
    known = facts(NODES)
    known.cluster.set_namespace("q", {"team": "a"})
    for number, (namespace, on) in enumerate((("p", "a"), ("q", "c"))):
        known.cluster.set_pod(read(pod(str(number), on, namespace=namespace)))
    known.cluster.tallies.of((scope,))
    known.cluster.set_pod(read(pod("late", "c", namespace="r")))
    assert by_zone(known, scope) == counts
    known.cluster.tallies.clear()
    assert by_zone(known, scope) == counts


def test_counts_that_nobody_asks_for_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "KEPT", 2)
    known = facts(NODES, [pod("1", "a", labels=WEB)])
    first = known.cluster.tallies.of((WEBS,))
    for name in ("x", "y"):
        known.cluster.tallies.of((scope_in(name, EVERYTHING),))
    assert len(known.cluster.tallies) == 2
    known.cluster.set_pod(read(pod("2", "a", labels=WEB)))
    again = known.cluster.tallies.of((WEBS,))
    assert again is not first and sum(first.by_slot.values()) == 1 and sum(again.by_slot.values()) == 2


def test_terms_are_counted_where_who_has_them_is() -> None:
    affinity = pod_affinity("podAntiAffinity") | pod_affinity("podAffinity", HOSTNAME, weight=3)
    known = facts(NODES, [pod("1", "a", affinity=affinity), pod("2", "b", affinity=affinity)])
    mine, cluster = read(pod("new", labels=WEB)), known.cluster
    (closed,) = cluster.anti_affinity.about(mine, cluster.labels_of)
    assert closed.by_value == {"x": 2} and closed.term.topology_key == ZONE
    (liked,) = cluster.preferred.about(mine, cluster.labels_of)
    assert liked.by_value == {"a": 1, "b": 1} and liked.term.weight == 3
    assert not list(cluster.anti_affinity.about(read(pod("other")), cluster.labels_of))
    for name in "12":
        cluster.remove_pod(f"uid-default-{name}")
    assert len(cluster.anti_affinity) == len(cluster.preferred) == 0
    assert not list(cluster.anti_affinity.about(mine, cluster.labels_of))


def test_an_index_finds_all_that_may_be_about_a_pod_and_each_once() -> None:
    index: ScopeIndex[str] = ScopeIndex()
    scopes = {
        "exact": WEBS,
        "any": scope_in("default", EVERYTHING),
        "elsewhere": scope_in("x", EVERYTHING),
        "everywhere": Scope(frozenset({"default"}), selector_of({"matchLabels": WEB}), EVERYTHING),
        "other": scope_in("default", selector_of({"matchLabels": {"app": "db"}})),
    }
    for name, scope in scopes.items():
        index.add(scope, name)
    assert sorted(index.about(read(pod(labels=WEB | {"x": "y"})))) == ["any", "everywhere", "exact"]
    for name, scope in scopes.items():
        index.remove(scope, name)
    assert not list(index.about(read(pod(labels=WEB))))
