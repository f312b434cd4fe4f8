from random import Random

import pytest

from tests.unit.kube.controllers.garbage.families import KINDS, Families
from tests.unit.kube.controllers.harness import (
    EVENTS,
    MAPS,
    SECRETS,
    SETS,
    THINGS,
    TYPES,
    after,
    after_crashes,
    clock_of,
    names,
    obj,
    running,
    served,
    state,
)
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import settle
from wherry.kube.client.discovery import FakeDiscovery
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Needs
from wherry.kube.controllers.garbage.controller import GarbageCollector
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[GarbageCollector]:
    return [GarbageCollector(needs)]


def owned(name: str, *owners: str, blocks: bool = True, namespace: str = "default", **meta: object) -> Object:
    found = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": each, "uid": f"uid-{each}", "blockOwnerDeletion": blocks}
        for each in owners
    ]
    return obj("ConfigMap", name, namespace, metadata={"ownerReferences": found, **meta} if found else meta)


def owners(client: FakeClient, name: str) -> list[str]:
    found = client.find(MAPS, name, "default")
    assert found is not None
    return [each["name"] for each in found["metadata"].get("ownerReferences") or ()]


async def delete(client: FakeClient, name: str, policy: str, seconds: float = 60) -> None:
    async with running(client, make) as task:
        await client.delete(MAPS, name, "default", options={"propagationPolicy": policy})
        await clock_of(client).advance(seconds)
        assert not task.done()


TREE = [owned("root"), owned("a", "root"), owned("b", "root"), owned("a1", "a"), owned("free")]


async def test_in_the_background_the_tree_goes_after_its_root() -> None:
    client = FakeClient(*TREE)
    await delete(client, "root", "Background")
    assert names(client, MAPS) == ["free"]


async def test_in_the_foreground_the_root_goes_last() -> None:
    client = FakeClient(*TREE)
    order = []
    original = client._publish

    def publish(resource, type, obj, old):  # type: ignore[no-untyped-def]
        if type == "DELETED":
            order.append(obj["metadata"]["name"])
        original(resource, type, obj, old)

    client._publish = publish  # type: ignore[method-assign]
    await delete(client, "root", "Foreground")
    assert names(client, MAPS) == ["free"] and order[-1] == "root" and order.index("a1") < order.index("a")


async def test_in_the_foreground_only_those_that_block_are_waited_for() -> None:
    held = owned("held", "root", blocks=False, finalizers=["mine"])
    client = FakeClient(owned("root"), held)
    await delete(client, "root", "Foreground")
    assert names(client, MAPS) == ["held"]
    blocking = owned("held", "root", finalizers=["mine"])
    client = FakeClient(owned("root"), blocking)
    await delete(client, "root", "Foreground")
    assert names(client, MAPS) == ["held", "root"]


async def test_orphans_stay_and_lose_their_reference() -> None:
    client = FakeClient(*TREE)
    await delete(client, "root", "Orphan")
    assert (
        names(client, MAPS) == ["a", "a1", "b", "free"] and owners(client, "a") == [] and owners(client, "a1") == ["a"]
    )


async def test_a_circle_goes_all_at_once() -> None:
    client = FakeClient(owned("a", "c"), owned("b", "a"), owned("c", "b"))
    await delete(client, "a", "Foreground")
    assert names(client, MAPS) == []


async def test_one_owner_left_is_enough() -> None:
    client = FakeClient(owned("one"), owned("two"), owned("child", "one", "two"))
    await delete(client, "one", "Background")
    assert names(client, MAPS) == ["child", "two"] and owners(client, "child") == ["two"]


async def test_whose_owner_never_was_goes_though_nobody_deleted_anything() -> None:
    client = FakeClient(owned("child", "nobody"), owned("free"))
    await after(client, make)
    assert names(client, MAPS) == ["free"]


async def test_an_owner_made_anew_under_the_same_name_is_another() -> None:
    client = FakeClient({**owned("parent"), "metadata": {"name": "parent", "namespace": "default", "uid": "new"}})
    client.put(owned("child", "parent"))
    await after(client, make)
    assert names(client, MAPS) == ["parent"]


async def test_a_cache_that_is_behind_costs_a_look_and_no_object() -> None:
    """The owner is not listed (yet), but the API has it."""
    client = FakeClient(owned("child", "parent"), owned("parent"))
    original = client.list

    async def blind(resource, *arguments, **more):  # type: ignore[no-untyped-def]
        found = await original(resource, *arguments, **more)
        found.items[:] = [each for each in found.items if each["metadata"]["name"] != "parent"]
        return found

    client.list = blind  # type: ignore[method-assign]
    await after(client, make)
    assert names(client, MAPS) == ["child", "parent"]
    async with running(client, make):
        await client.delete(MAPS, "parent", "default")
        await clock_of(client).advance(60)
    assert names(client, MAPS) == []


def asked(client: FakeClient, name: str) -> int:
    return sum(call.verb == "get" and call.name == name for call in client.reads)


async def test_who_is_known_to_be_there_is_not_asked_for_again() -> None:
    client = FakeClient(owned("parent"), owned("first", "parent"))
    async with running(client, make):
        await clock_of(client).advance(5)
        assert asked(client, "parent") == 1
        client.put(*(owned(name, "parent") for name in "abc"), owned("first", "parent", labels={"x": "y"}))
        await clock_of(client).advance(100)
        assert asked(client, "parent") == 1 and asked(client, "a") == 0


async def test_who_goes_just_after_it_was_asked_for_is_not_believed_to_be_there() -> None:
    client = FakeClient(owned("parent"))
    original, late = client.get, list[str]()

    async def get(resource, name, *arguments, **more):  # type: ignore[no-untyped-def]
        found = await original(resource, name, *arguments, **more)
        if name == "parent" and not late:
            late.append(name)
            await client.delete(MAPS, "parent", "default")
            await settle(20)
        return found

    client.get = get  # type: ignore[method-assign]
    async with running(client, make):
        client.put(owned("child", "parent"))
        await clock_of(client).advance(5)
        assert late and names(client, MAPS) == []


async def test_who_is_not_heard_of_when_it_goes_is_asked_for_again_and_again() -> None:
    client = FakeClient(owned("parent"), obj("Secret", "child", metadata=owned("child", "parent")["metadata"]))
    types = [served(MAPS, "ConfigMap", verbs=frozenset({"get"})), served(SECRETS, "Secret")]
    async with running(client, make, FakeDiscovery(types)):
        await clock_of(client).advance(100)
        assert names(client, SECRETS) == ["child"]
        await client.delete(MAPS, "parent", "default")
        await clock_of(client).advance(40)
        assert names(client, SECRETS) == []


async def test_an_owner_in_another_namespace_is_none_and_people_are_told() -> None:
    client = FakeClient(owned("parent", namespace="elsewhere"), owned("child", "parent"))
    await after(client, make)
    assert [each["metadata"]["namespace"] for each in client.all(MAPS)] == ["elsewhere"]
    (event,) = client.all(EVENTS)
    assert event["reason"] == "OwnerRefInvalidNamespace" and event["type"] == "Warning"
    assert event["message"] == (
        "ownerRef [v1/ConfigMap, namespace: default, name: parent, uid: uid-parent] does not exist in namespace "
        '"default"'
    )
    assert event["involvedObject"]["name"] == "child"


async def test_people_are_told_of_an_owner_that_is_known_in_another_namespace_by_whatever_name() -> None:
    client = FakeClient(owned("parent", namespace="elsewhere"), owned("right", "parent", namespace="elsewhere"))
    async with running(client, make):
        await clock_of(client).advance(5)
        wrong = owned("wrong", "parent")
        wrong["metadata"]["ownerReferences"][0]["name"] = "stepparent"
        client.put(wrong)
        await clock_of(client).advance(5)
    assert names(client, MAPS) == ["parent", "right"]
    assert [each["involvedObject"]["name"] for each in client.all(EVENTS)] == ["wrong"]


async def test_a_name_that_no_object_can_have_is_nobodys() -> None:
    client = FakeClient(owned("child", "a,b=c\\"))
    await after(client, make)
    assert names(client, MAPS) == [] and client.all(EVENTS) == []


async def test_what_has_no_namespace_is_never_deleted_for_an_owner_that_has_one() -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u"}
    client = FakeClient(obj("Node", "n1", "", metadata={"ownerReferences": [owner]}))
    await after(client, make)
    assert client.find(TYPES[5].resource, "n1") is not None
    assert client.all(EVENTS)[0]["reason"] == "OwnerRefInvalidNamespace"


async def test_owners_of_a_kind_that_nobody_serves_hold_their_dependents() -> None:
    owner = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "uid-t"}
    client = FakeClient(obj("ConfigMap", "child", metadata={"ownerReferences": [owner]}))
    await after(client, make, 600)
    assert names(client, MAPS) == ["child"]


async def test_custom_resources_own_and_are_owned_as_soon_as_they_are_served() -> None:
    thing = obj("Thing", "t", api="example.com/v1", metadata={"finalizers": ["x"]})
    owner = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "uid-t"}
    client = FakeClient(thing, obj("ConfigMap", "child", metadata={"ownerReferences": [owner]}))
    discovery = FakeDiscovery(TYPES)
    async with running(client, make, discovery):
        discovery.change([*TYPES, served(THINGS, "Thing")])
        await clock_of(client).advance(5)
        assert names(client, MAPS) == ["child"]
        await client.delete(THINGS, "t", "default")
        await clock_of(client).advance(5)
        assert names(client, MAPS) == ["child"], "its owner is still there, held by a finalizer"
        gone = client.find(THINGS, "t", "default")
        assert gone is not None
        gone["metadata"]["finalizers"] = []
        await client.update(THINGS, gone, "default")
        # Even if the kind goes right behind its last object.
        discovery.change(TYPES)
        await clock_of(client).advance(60)
        assert names(client, MAPS) == []


async def test_discovery_that_fails_is_asked_again() -> None:
    client = FakeClient(owned("child", "nobody"))
    discovery = FakeDiscovery(TYPES)
    discovery.error = Unavailable("starting")
    async with running(client, make, discovery):
        await clock_of(client).advance(20)
        assert names(client, MAPS) == ["child"]
        discovery.error = None
        await clock_of(client).advance(20)
        assert names(client, MAPS) == []


async def test_an_object_that_changed_meanwhile_is_judged_anew() -> None:
    client = FakeClient(owned("child", "nobody"))
    saved = []

    def adopt(call):  # type: ignore[no-untyped-def]
        if call.verb == "delete" and not saved:
            saved.append(call)
            client.put(owned("saviour"), {**owned("child", "saviour")})
        return

    client.fault = adopt
    await after(client, make)
    assert names(client, MAPS) == ["child", "saviour"]


async def test_with_one_kind_that_cannot_be_listed_nothing_is_orphaned_too_early() -> None:
    client = FakeClient(*TREE)
    client.fault = lambda call: Unavailable("broken") if call.verb == "list" and call.resource.group == "apps" else None
    async with running(client, make):
        await client.delete(MAPS, "root", "default", options={"propagationPolicy": "Orphan"})
        await clock_of(client).advance(100)
        assert "root" in names(client, MAPS)
        client.fault = lambda call: None
        await clock_of(client).advance(1500)
        assert "root" not in names(client, MAPS)


async def test_errors_are_tried_again() -> None:
    client = FakeClient(owned("child", "nobody"))
    client.fault = lambda call: Unavailable("down") if call.verb in ("delete", "get") else None
    async with running(client, make):
        await clock_of(client).advance(10)
        client.fault = lambda call: None
        await clock_of(client).advance(60)
    assert names(client, MAPS) == []


def many() -> list[Object]:
    sets = [obj("ReplicaSet", f"s{number}", api="apps/v1") for number in range(3)]
    pods = []
    for number in range(9):
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"s{number % 3}", "uid": f"uid-s{number % 3}"}
        references = [{**owner, "blockOwnerDeletion": True, "controller": True}]
        pods.append(obj("Pod", f"p{number}", metadata={"ownerReferences": references}, spec={}))
    return [*sets, *pods]


@pytest.mark.parametrize("writes", [1, 2, 3, 5])
@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan"])
async def test_ended_after_any_write_it_comes_to_the_same(policy: str, writes: int) -> None:
    async def play(crashes: bool) -> tuple[FakeClient, int]:
        client = FakeClient(*many())
        for name in ("s0", "s1"):
            await client.delete(SETS, name, "default", options={"propagationPolicy": policy})
        if crashes:
            return client, await after_crashes(client, make, writes)
        await after(client, make)
        return client, 0

    undisturbed, _ = await play(False)
    disturbed, crashes = await play(True)
    assert state(disturbed) == state(undisturbed) and crashes > 0
    assert names(undisturbed, SETS) == ["s2"]


async def settled(client: FakeClient, families: Families) -> None:
    await clock_of(client).advance(100)
    while await families.let_go():
        await clock_of(client).advance(100)
    assert await families.wrong() == []


async def unseen(client: FakeClient, families: Families, random: Random) -> None:
    """Of some kinds nothing can be watched for a while, and nobody remembers what happened meanwhile."""
    lost = {each.resource.group_resource for each in KINDS if random.random() < 0.5}
    client.fault = lambda call: Unavailable("down") if call.verb == "watch" and call.resource in lost else None
    client.end_watches()
    await families.burst(random.randrange(12), orphans=False)
    client.compact()
    client.fault = lambda call: None


@pytest.mark.parametrize("seed", range(30))
async def test_whatever_happens_to_families_those_are_left_who_should_be(seed: int) -> None:
    client, random = FakeClient(), Random(seed)
    families = Families(client, random)
    for _ in range(3):
        async with running(client, make) as task:
            for _ in range(3):
                await families.burst(random.randrange(12), orphans=random.random() < 0.5)
                await settled(client, families)
                await unseen(client, families, random)
                await settled(client, families)
            assert not task.done()
        # It is not there for a while.
        await families.burst(random.randrange(12), orphans=False)
