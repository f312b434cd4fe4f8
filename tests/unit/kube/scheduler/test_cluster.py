"""The facts, kept as they change."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.unit.kube.scheduler.objects import WEB, moved, node, pod, read
from tests.unit.kube.scheduler.worlds import nodes, pods
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.cluster import Cluster, filled, placed
from wherry.kube.scheduler.happenings import Change
from wherry.kube.scheduler.model import HOSTNAME, ZONE
from wherry.kube.scheduler.selectors import selector_of
from wherry.kube.scheduler.tallies import scope_in

NAMES = st.sampled_from([f"n{number}" for number in range(4)])
UIDS = st.sampled_from([f"p{number}" for number in range(6)])
WEBS = (scope_in("default", selector_of({"matchLabels": WEB})),)


class Changing(RuleBasedStateMachine):
    """Whatever happened before, the facts are those of a cluster that was told the end only."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        self.nodes: dict[str, Object] = {}
        self.pods: dict[str, Object] = {}

    @rule(name=NAMES, data=st.data())
    def set_node(self, name: str, data: st.DataObject) -> None:
        self.nodes[name] = data.draw(nodes(name))
        self.cluster.set_node(self.nodes[name])

    @rule(name=NAMES)
    def remove_node(self, name: str) -> None:
        self.nodes.pop(name, None)
        self.cluster.remove_node(name)

    @rule(uid=UIDS, name=NAMES, data=st.data())
    def set_pod(self, uid: str, name: str, data: st.DataObject) -> None:
        obj = data.draw(pods(uid, name))
        obj["metadata"]["uid"] = uid
        self.pods[uid] = obj
        self.cluster.set_pod(read(obj))

    @rule(uid=UIDS)
    def remove_pod(self, uid: str) -> None:
        self.pods.pop(uid, None)
        self.cluster.remove_pod(uid)

    @rule()
    def sort(self) -> None:
        self.cluster.sort()

    @rule(labels=st.sampled_from((None, {}, {"team": "a"})))
    def set_namespace(self, labels: dict[str, str] | None) -> None:
        self.cluster.set_namespace("default", labels)

    @invariant()
    def same_as_told_at_once(self) -> None:
        fresh = filled(self.nodes.values(), map(read, self.pods.values()))
        assert placed(self.cluster) == placed(fresh)
        assert {node.name for node in self.cluster.slots if node is not None} == set(self.nodes)
        for name, mine in fresh.nodes.items():
            known = self.cluster.nodes[name]
            assert self.cluster.slots[known.slot] is known
            assert known.pods.keys() == mine.pods.keys() and known.ports == mine.ports
            assert (known.cpu_score, known.memory_score) == (mine.cpu_score, mine.memory_score)
            assert {key: n for key, n in known.requested.items() if n} == mine.requested
        for key in (ZONE, HOSTNAME):
            assert self.cluster.topology(key).nodes == fresh.topology(key).nodes
            assert self.cluster.topology(key).without == fresh.topology(key).without
            assert self.webs(self.cluster, key) == self.webs(fresh, key)
        for terms, others in (
            (self.cluster.anti_affinity, fresh.anti_affinity),
            (self.cluster.affinity, fresh.affinity),
        ):
            assert terms.shown() == others.shown()

    def webs(self, cluster: Cluster, key: str) -> tuple[dict[str, int], dict[str, int]]:
        tally = cluster.tallies.of(WEBS, skips_ending=True)
        names = {name: node.slot for name, node in cluster.nodes.items()}
        by_name = {name: tally.by_slot[slot] for name, slot in names.items() if slot in tally.by_slot}
        return by_name, dict(tally.by_domain(key, cluster.topology(key).values))


TestChanging = Changing.TestCase
TestChanging.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


def test_what_changed_of_a_node_is_told() -> None:
    cluster = Cluster()
    assert cluster.set_node(node("n")) == {Change.NODE_NEW}
    assert cluster.set_node(node("n")) == set()
    assert cluster.set_node(node("n", images={"demo:1": 5})) == set()
    assert cluster.set_node(node("n", cpu="8")) == {Change.NODE_ROOM}
    assert cluster.set_node(node("n", cpu="8", unschedulable=True)) == {Change.NODE_TAINTS}
    assert cluster.set_node(node("n", labels={"x": "y"})) == {Change.NODE_ROOM, Change.NODE_TAINTS, Change.NODE_LABELS}


def test_pods_wait_for_a_node_of_that_name() -> None:
    cluster = filled([node("n")], [read(pod("p", "n", cpu="1"))])
    cluster.remove_node("n")
    assert "uid-default-p" in cluster.pods and not cluster.nodes
    cluster.set_node(node("n"))
    assert cluster.nodes["n"].requested == {"cpu": 1000}


def test_to_be_told_what_was_assumed_changes_nothing() -> None:
    cluster = filled([node("n")])
    mine = read(pod("p", cpu="1"))
    cluster.set_pod(moved(mine, "n"))
    seen = len(cluster.changes)
    cluster.set_pod(read(pod("p", "n", cpu="1")))
    assert len(cluster.changes) == seen and cluster.nodes["n"].requested == {"cpu": 1000}
    assert cluster.pods[mine.uid].resource_version == "1"


def test_a_nomination_ends_when_the_pod_has_a_node() -> None:
    cluster = filled([node("n"), node("m")])
    mine = read(pod("p"))
    cluster.nominate(mine, "n")
    cluster.nominate(mine, "m")
    assert cluster.nomination(mine.uid) == "m" and "n" not in cluster.nominated
    cluster.set_pod(moved(mine, "n"))
    assert cluster.nomination(mine.uid) == "" and not cluster.nominated


def test_zones_take_turns_in_slots_when_many_have_come() -> None:
    cluster = Cluster()
    for number in range(12):
        cluster.set_node(node(f"n{number}", zone=f"z{number // 6}"))
    cluster.sort()
    zones = [each.zone for each in cluster.slots if each is not None]
    assert zones[:4] == [":z0", ":z1", ":z0", ":z1"]
    layout = cluster.layout
    cluster.sort()
    assert cluster.layout == layout


def test_claims_are_counted_by_who_uses_them() -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "own", "ephemeral": {}}]
    cluster = filled([node("n")], [read(pod("p", "n", volumes=volumes))])
    assert cluster.claims == {("default", "data"): 1, ("default", "p-own"): 1}
    cluster.remove_pod("uid-default-p")
    assert cluster.claims == {}


def test_old_changes_are_forgotten_and_counted(monkeypatch: object) -> None:
    cluster = filled([node("n")])
    mine = moved(read(pod("p")), "n")
    for _ in range(60_000):
        cluster.set_pod(mine)
        cluster.remove_pod(mine.uid)
    assert len(cluster.changes) <= 100_000 and cluster.forgotten > 0
    assert cluster.forgotten + len(cluster.changes) >= 120_000
