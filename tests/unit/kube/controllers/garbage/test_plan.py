import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.kube.controllers.harness import MAPS, served
from wherry.kube.controllers.garbage.graph import Node, OwnerRef
from wherry.kube.controllers.garbage.plan import (
    Delete,
    DropOwners,
    Facts,
    LookAt,
    Nothing,
    Orphan,
    RemoveFinalizer,
    Standing,
    plan,
)

MAP = served(MAPS, "ConfigMap")
ITEM = Node(MAP, "default", "item", "uid-item")


def reference(name: str, blocks: bool = True) -> OwnerRef:
    return OwnerRef("v1", "ConfigMap", "default", name, f"uid-{name}", blocks)


def dependent(name: str, blocks: bool = True, **more: bool) -> Node:
    return replace(Node(MAP, "default", name, f"uid-{name}", (reference("item", blocks),)), **more)


def facts(*standings: Standing, item: Node = ITEM, dependents: tuple[Node, ...] = (), finalizers=()) -> Facts:  # type: ignore[no-untyped-def]
    owners = [(reference(f"o{number}"), each) for number, each in enumerate(standings)]
    return Facts(item, finalizers, owners, dependents)


S, A, W = Standing.SOLID, Standing.ABSENT, Standing.WAITING


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        ((), Nothing()),
        ((S,), Nothing()),
        ((S, S), Nothing()),
        ((A,), Delete("Background")),
        ((A, A), Delete("Background")),
        ((W,), Delete("Background")),
        ((A, W), Delete("Background")),
        ((S, A), DropOwners(("uid-o1",))),
        ((W, S, A), DropOwners(("uid-o2", "uid-o0"))),
    ],
)
def test_owners_decide(standings: tuple[Standing, ...], expected: object) -> None:
    assert plan(facts(*standings)) == expected


def test_under_an_owner_that_waits_the_whole_tree_goes_in_the_foreground() -> None:
    assert plan(facts(W, dependents=(dependent("d"),))) == Delete("Foreground")
    assert plan(facts(A, dependents=(dependent("d"),))) == Delete("Background")
    assert plan(facts(W, dependents=(dependent("d", waits=True),))) == Delete("Foreground", unblock=True)


@pytest.mark.parametrize(
    ("finalizer", "policy"), [("orphan", "Orphan"), ("foregroundDeletion", "Foreground"), ("x", "Background")]
)
def test_an_item_that_says_how_it_is_to_go_goes_so(finalizer: str, policy: str) -> None:
    assert plan(facts(A, finalizers=(finalizer,))) == Delete(policy)


def test_what_waits_looks_at_those_that_block() -> None:
    waiting = replace(ITEM, deleting=True, waits=True)
    blocking, other = dependent("a"), dependent("b", blocks=False)
    assert plan(facts(item=waiting, dependents=(blocking, other))) == LookAt(("uid-a",))
    assert plan(facts(item=waiting, dependents=(other,))) == RemoveFinalizer("foregroundDeletion")


def test_what_orphans_lets_all_its_dependents_go_first() -> None:
    orphaning = replace(ITEM, deleting=True, orphans=True)
    assert plan(facts(item=orphaning, dependents=(dependent("a"), dependent("b")))) == Orphan(
        (dependent("a"), dependent("b"))
    )


def test_a_dependent_that_means_another_place_is_none() -> None:
    stranger = replace(dependent("d"), owners=(reference("item")._replace(namespace="elsewhere"),))
    waiting = replace(ITEM, deleting=True, waits=True)
    assert plan(facts(item=waiting, dependents=(stranger,))) == RemoveFinalizer("foregroundDeletion")


def test_what_is_being_deleted_already_is_left_to_that() -> None:
    assert plan(facts(A, item=replace(ITEM, deleting=True))) == Nothing()


@given(st.lists(st.sampled_from(list(Standing)), max_size=5))
def test_nothing_with_a_solid_owner_is_ever_deleted(standings: list[Standing]) -> None:
    action = plan(facts(*standings))
    assert isinstance(action, Delete) == (bool(standings) and S not in standings)
