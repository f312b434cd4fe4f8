"""The client inside the server's process: it may no more than the same user over HTTP."""

import pytest

from tests.unit.kube.apiserver.conftest import MAPS, Place, pod
from wherry.kube.apiserver.model import User
from wherry.kube.client.model import View
from wherry.kube.machinery.model import GroupVersionResource
from wherry.kube.machinery.status import StatusError

PODS = GroupVersionResource("", "v1", "pods")
NODES = GroupVersionResource("", "v1", "nodes")
NODE = User("system:node:n1", ("system:nodes", "system:authenticated"))


async def test_a_node_may_list_and_watch_its_own_pods_by_their_selector_alone(place: Place) -> None:
    await place.client.create(NODES, {"metadata": {"name": "n1"}})
    for name, node in (("mine", "n1"), ("other", "n2")):
        await place.client.create(PODS, pod(name, nodeName=node), "default")
    node = place.server.client(NODE)
    mine = await node.list(PODS, fields="spec.nodeName=n1")
    assert [each["metadata"]["name"] for each in mine.items] == ["mine"]
    async with node.watch(PODS, fields="spec.nodeName=n1", resource_version=mine.resource_version):
        pass
    for fields in ("", "spec.nodeName=n2", "spec.nodeName!=n1"):
        with pytest.raises(StatusError) as refused:
            await node.list(PODS, fields=fields)
        assert refused.value.code == 403
        with pytest.raises(StatusError) as refused:
            async with node.watch(PODS, fields=fields):
                pass
        assert refused.value.code == 403


async def test_a_list_of_one_name_is_a_question_about_that_name(place: Place) -> None:
    for name in ("n1", "n2"):
        await place.client.create(NODES, {"metadata": {"name": name}})
    node = place.server.client(NODE)
    found = await node.list(NODES, fields="metadata.name=n1")
    assert [each["metadata"]["name"] for each in found.items] == ["n1"]
    with pytest.raises(StatusError) as refused:
        await node.list(NODES, fields="metadata.name=n2")
    assert refused.value.code == 403


async def test_a_list_is_one_s_own_unless_it_may_be_shared(place: Place) -> None:
    for name in ("a", "b", "c"):
        await place.client.create(PODS, pod(name), "default")
    own = await place.client.list(PODS)
    assert all("managedFields" in each["metadata"] for each in own.items)
    own.items[0]["metadata"]["name"] = "x"
    first, second = [await place.client.list(PODS, shared=True, limit=2) for _ in range(2)]
    assert [each["metadata"]["name"] for each in first.items] == ["a", "b"] and first.token
    assert all(one is other for one, other in zip(first.items, second.items, strict=True))
    assert all("managedFields" not in each["metadata"] for each in first.items)
    rest = await place.client.list(PODS, shared=True, limit=2, token=first.token)
    assert [each["metadata"]["name"] for each in rest.items] == ["c"] and not rest.token


async def test_who_wants_bare_views_gets_no_more(place: Place) -> None:
    kept = {"name", "namespace", "uid", "resourceVersion"}
    await place.client.create(MAPS, {"metadata": {"name": "a", "finalizers": ["x.org/y"]}}, "default")
    listed = await place.client.list(MAPS, view=View.BARE)
    assert [each.keys() for each in listed.items] == [{"metadata"}]
    assert listed.items[0]["metadata"].keys() == kept | {"finalizers"}
    async with place.client.watch(MAPS, resource_version=listed.resource_version, view=View.BARE) as changes:
        await place.merge("a", {"metadata": {"labels": {"b": "c"}}})
        await place.client.delete(MAPS, "a", "default")
        await place.merge("a", {"metadata": {"finalizers": None}})
        first, second, third = [await anext(changes) for _ in range(3)]
    assert (first.type, first.object["metadata"].keys()) == ("MODIFIED", kept | {"finalizers"})
    assert (second.type, second.object["metadata"].keys()) == ("MODIFIED", kept | {"finalizers", "deletionTimestamp"})
    assert (third.type, third.object["metadata"]["resourceVersion"]) == ("DELETED", str(place.server.caches.revision))
    assert {each.object.keys() == {"metadata"} for each in (first, second, third)} == {True}


async def test_who_cares_for_ties_hears_of_them_and_of_every_end(place: Place) -> None:
    owner = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "free",
        "uid": (await place.config("free"))["metadata"]["uid"],
    }
    listed = await place.client.list(MAPS, view=View.TIES)
    assert listed.items == []
    async with place.client.watch(MAPS, resource_version=listed.resource_version, view=View.TIES) as changes:
        await place.merge("free", {"data": {"a": '"ownerReferences":[{'}})
        await place.config("tied")
        await place.merge("tied", {"metadata": {"ownerReferences": [owner]}})
        tied = await place.client.list(MAPS, view=View.TIES)
        await place.merge("tied", {"metadata": {"ownerReferences": None}})
        await place.merge("tied", {"metadata": {"finalizers": ["x.org/y"]}})
        await place.client.delete(MAPS, "tied", "default")
        await place.client.delete(MAPS, "free", "default")
        told = [await anext(changes) for _ in range(4)]
    assert [each["metadata"]["ownerReferences"] for each in tied.items] == [[owner]]
    assert [(each.type, each.object["metadata"]["name"]) for each in told] == [
        ("MODIFIED", "tied"), ("MODIFIED", "tied"), ("MODIFIED", "tied"), ("DELETED", "free"),
    ]  # fmt: skip
    assert told[0].object["metadata"]["ownerReferences"] == [owner]
    assert "ownerReferences" not in told[1].object["metadata"] and "deletionTimestamp" in told[2].object["metadata"]
