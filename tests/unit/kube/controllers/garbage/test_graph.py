from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.harness import MAPS, NODES, obj, served
from wherry.kube.controllers.garbage.graph import ABSENT_REMEMBERED, Graph, OwnerRef, node_of, references
from wherry.kube.machinery.model import Object

MAP = served(MAPS, "ConfigMap")
NODE = served(NODES, "Node", False)


def owned(name: str, *owners: str, blocks: bool = False, **meta: object) -> Object:
    found = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": each, "uid": f"uid-{each}", "blockOwnerDeletion": blocks}
        for each in owners
    ]
    return obj("ConfigMap", name, metadata={"ownerReferences": found, **meta})


def gone(name: str, finalizer: str) -> Object:
    return owned(name, deletionTimestamp="2026-01-01T00:00:00Z", finalizers=[finalizer])


def test_a_dependent_whose_owner_is_not_known_is_suspect_until_it_is() -> None:
    graph = Graph()
    assert graph.observe(MAP, owned("child", "parent")) == {"uid-child"}
    assert graph.observe(MAP, owned("parent")) == set()
    child = graph.node("uid-child")
    assert child and not graph.is_suspect(child)
    assert [each.name for each in graph.dependents("uid-parent")] == ["child"]


def test_dependents_are_looked_at_when_their_owner_goes_which_nobody_has_seen() -> None:
    graph = Graph()
    for each in (owned("a", "parent"), owned("b", "parent"), owned("c")):
        graph.observe(MAP, each)
    assert graph.forget(MAP, owned("parent")) == {"uid-a", "uid-b"}
    assert graph.forget(MAP, owned("c")) == set()
    reference = references(owned("a", "parent"))[0]
    assert graph.is_known_absent(reference, namespaced=True)


def test_what_has_no_ties_is_known_only_while_somebody_names_it() -> None:
    graph = Graph()
    assert graph.observe(MAP, owned("parent")) == set() and len(graph) == 0
    graph.observe(MAP, owned("a", "parent"))
    graph.observe(MAP, owned("parent"))
    assert len(graph) == 2
    graph.observe(MAP, owned("a"))
    assert len(graph) == 0
    graph.observe(MAP, owned("a", "parent"))
    graph.observe(MAP, owned("parent"))
    graph.forget(MAP, owned("a"))
    assert len(graph) == 0


def test_an_owner_that_was_asked_for_is_known_from_then_on() -> None:
    graph = Graph()
    graph.observe(MAP, owned("child", "parent"))
    assert graph.meet(MAP, owned("parent"), graph.losses) == set()
    assert graph.observe(MAP, owned("sister", "parent")) == set()
    assert graph.meet(MAP, owned("stranger"), graph.losses) == set() and graph.node("uid-stranger") is None


def test_an_owner_that_was_asked_for_and_waits_is_looked_at_with_its_dependents() -> None:
    graph = Graph()
    graph.observe(MAP, owned("child", "parent"))
    assert graph.meet(MAP, gone("parent", "foregroundDeletion"), graph.losses) == {"uid-parent", "uid-child"}


def test_an_answer_that_its_owner_may_not_have_outlived_is_worth_nothing() -> None:
    graph = Graph()
    graph.observe(MAP, owned("child", "parent"))
    losses = graph.losses
    graph.forget(MAP, owned("parent"))
    graph.meet(MAP, owned("parent"), losses)
    assert graph.node("uid-parent") is None
    losses = graph.losses
    graph.replace(MAP, [owned("child", "parent")])
    graph.meet(MAP, owned("parent"), losses)
    assert graph.node("uid-parent") is None


def test_an_answer_is_older_than_what_was_told_meanwhile() -> None:
    graph = Graph()
    graph.observe(MAP, owned("child", "parent"))
    losses = graph.losses
    graph.observe(MAP, gone("parent", "foregroundDeletion"))
    graph.meet(MAP, owned("parent"), losses)
    assert graph.node("uid-parent") == node_of(MAP, gone("parent", "foregroundDeletion"))


def test_an_owner_that_begins_to_wait_is_looked_at_with_its_dependents() -> None:
    graph = Graph()
    graph.observe(MAP, owned("parent"))
    graph.observe(MAP, owned("child", "parent", blocks=True))
    assert graph.observe(MAP, gone("parent", "foregroundDeletion")) == {"uid-parent", "uid-child"}
    assert graph.observe(MAP, gone("parent", "foregroundDeletion")) == set()
    assert graph.observe(MAP, owned("child", "parent")) == {"uid-parent", "uid-child"}, "it blocks no longer"
    assert graph.forget(MAP, owned("child")) == {"uid-parent"}


def test_an_owner_that_orphans_is_looked_at_alone() -> None:
    graph = Graph()
    graph.observe(MAP, owned("parent"))
    graph.observe(MAP, owned("child", "parent"))
    assert graph.observe(MAP, gone("parent", "orphan")) == {"uid-parent"}


def test_a_reference_into_the_wrong_place_means_nobody() -> None:
    graph = Graph()
    graph.observe(MAP, owned("child", "parent"))
    graph.meet(MAP, obj("ConfigMap", "parent", "elsewhere"), graph.losses)
    assert graph.node("uid-parent") and graph.observe(MAP, owned("child", "parent")) == {"uid-child"}
    node = node_of(NODE, obj("Node", "n1", ""))
    assert node.is_meant_by(OwnerRef("v1", "Node", "any", "n1", "uid-n1", False))
    assert not node.is_meant_by(OwnerRef("v1", "Node", "", "n1", "other", False))
    assert not node.is_meant_by(OwnerRef("apps/v1", "Node", "", "n1", "uid-n1", False))


def test_another_version_of_the_same_group_is_the_same() -> None:
    node = node_of(served(MAPS, "ConfigMap"), obj("ConfigMap", "a"))
    assert node.is_meant_by(OwnerRef("v2", "ConfigMap", "default", "a", "uid-a", False))


def test_what_is_not_there_after_a_gap_is_neither_known_to_be_there_nor_to_be_gone() -> None:
    graph = Graph()
    left = [owned("sister", "parent"), owned("grandchild", "child")]
    for each in (owned("child", "parent"), *left):
        graph.observe(MAP, each)
    graph.meet(MAP, owned("parent"), graph.losses)
    graph.observe(NODE, obj("Node", "n1", "", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}))
    assert graph.replace(MAP, left) == {"uid-sister", "uid-grandchild"}
    assert graph.node("uid-parent") is None and graph.node("uid-child") is None
    assert graph.node("uid-grandchild") is not None and graph.node("uid-n1") is not None
    assert not graph.is_known_absent(references(owned("a", "parent"))[0], namespaced=True)


def test_who_waits_is_looked_at_when_those_that_block_vanished_in_a_gap() -> None:
    graph = Graph()
    graph.observe(NODE, obj("Node", "n1", "", metadata=gone("n1", "foregroundDeletion")["metadata"]))
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "uid-n1", "blockOwnerDeletion": True}
    graph.observe(MAP, obj("ConfigMap", "child", metadata={"ownerReferences": [owner]}))
    assert graph.replace(MAP, []) == {"uid-n1"}


def test_the_memory_of_absent_owners_is_bounded() -> None:
    graph = Graph()
    for number in range(ABSENT_REMEMBERED + 5):
        graph.note_absent(OwnerRef("v1", "ConfigMap", "default", "x", str(number), False), True)
    assert not graph.is_known_absent(OwnerRef("v1", "ConfigMap", "default", "x", "0", False), True)
    assert graph.is_known_absent(OwnerRef("v1", "ConfigMap", "default", "x", "9", False), True)


GOING = [{}, {"finalizers": ["foregroundDeletion"]}, *(gone("a", each)["metadata"] for each in ("orphan", "x"))]
META = [{key: each[key] for key in ("deletionTimestamp", "finalizers") if key in each} for each in GOING]
STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.lists(st.sampled_from("abcd"), max_size=2, unique=True), st.sampled_from(META),
        st.integers(0, 2).map(bool),
    ),
    max_size=30,
)  # fmt: skip


@given(STEPS)
def test_whatever_comes_the_graph_says_what_the_objects_say(steps: list[tuple[str, list[str], Object, bool]]) -> None:
    graph, there = Graph(), {}
    for name, owners, meta, is_put in steps:
        if is_put:
            there[name] = owned(name, *owners, **meta)
            graph.observe(MAP, there[name])
        else:
            graph.forget(MAP, there.pop(name, owned(name)))
    for name in "abcd":
        dependents = {f"uid-{each}" for each, found in there.items() if any(
            owner["name"] == name for owner in found["metadata"]["ownerReferences"])}  # fmt: skip
        assert {each.uid for each in graph.dependents(f"uid-{name}")} == dependents
        node = node_of(MAP, there[name]) if name in there else None
        known = graph.node(f"uid-{name}")
        assert known == node or (known is None and node is not None and not node.has_ties)
        assert known is None or known.has_ties or dependents
