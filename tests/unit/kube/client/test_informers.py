import asyncio

from wherry.kube.client.clock import settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import BARE, Informers
from wherry.kube.machinery.model import GroupVersionResource, Object

PODS = GroupVersionResource("", "v1", "pods")


def pod(name: str) -> Object:
    meta = {"name": name, "namespace": "default", "annotations": {"long": "text"}, "finalizers": ["x"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"nodeName": "n1"}}


def lists(client: FakeClient) -> int:
    return sum(call.verb == "list" for call in client.reads)


async def test_users_of_one_selection_share_one_informer() -> None:
    client = FakeClient(pod("a"))
    async with Informers(client, client.clock) as informers:
        first, second = informers.of(PODS), informers.of(PODS)
        other = informers.of(PODS, "default")
        await informers.wait_synced()
        assert first is second and other is not first and lists(client) == 2


async def test_a_bare_view_keeps_no_more_than_an_owner_graph_needs() -> None:
    client = FakeClient(pod("a"))
    async with Informers(client, client.clock) as informers:
        informer = informers.of(PODS, transform=BARE)
        await informers.wait_synced(informer)
        (kept,) = informer.cache
        assert set(kept) == {"metadata"} and kept["metadata"]["finalizers"] == ["x"]
        assert "annotations" not in kept["metadata"]


async def test_who_wants_a_bare_view_takes_the_whole_one_where_there_is_one() -> None:
    client = FakeClient(pod("a"))
    async with Informers(client, client.clock) as informers:
        whole, bare = informers.of(PODS), informers.of(PODS, transform=BARE)
        assert bare is whole and informers.of(PODS, "default", transform=BARE) is not whole
        informers.release(whole)
        client.put(pod("b"))
        await settle()
        assert len(bare.cache) == 2


async def test_an_informer_stops_when_its_last_user_lets_go() -> None:
    client = FakeClient(pod("a"))
    async with Informers(client, client.clock) as informers:
        informer = informers.of(PODS)
        informers.of(PODS)
        await informers.wait_synced()
        informers.release(informer)
        client.put(pod("b"))
        await settle()
        assert len(informer.cache) == 2
        informers.release(informer)
        client.put(pod("c"))
        await settle()
        assert len(informer.cache) == 2 and informers.of(PODS) is not informer


async def test_leaving_ends_every_task() -> None:
    client = FakeClient()
    before = asyncio.all_tasks()
    async with Informers(client, client.clock) as informers:
        informers.of(PODS)
        await settle()
        assert asyncio.all_tasks() - before
    assert not asyncio.all_tasks() - before
