import contextlib
from collections.abc import AsyncIterator

from tests.unit.kube.client.told import Told, clock_of, under_way
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informer import Informer
from wherry.kube.client.reflector import Selection
from wherry.kube.machinery.model import GroupVersionResource, Object

MAPS = GroupVersionResource("", "v1", "configmaps")
EVERYWHERE = Selection(MAPS)


def config(name: str, value: str = "", namespace: str = "default") -> Object:
    meta = {"name": name, "namespace": namespace, "managedFields": [{"manager": "test"}]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"value": value}}


class Log(Told):
    """What a handler was told: ``+name``, ``name:old>new``, ``-name``."""

    def __call__(self, old: Object | None, new: Object | None) -> None:
        name = (new or old or {})["metadata"]["name"]
        if old is None:
            self.append(f"+{name}")
        elif new is None:
            self.append(f"-{name}")
        else:
            self.append(f"{name}:{old['data']['value']}>{new['data']['value']}")


@contextlib.asynccontextmanager
async def running(client: FakeClient, selection: Selection = EVERYWHERE) -> AsyncIterator[tuple[Informer, Log]]:
    informer, log = Informer(client, selection, client.clock), Log()
    informer.add_handler(log)
    async with under_way(informer.run()):
        yield informer, log


async def test_what_is_there_is_told_as_added_then_what_changes() -> None:
    client = FakeClient(config("a", "1"), config("b"))
    async with running(client) as (informer, log):
        assert informer.synced.is_set() and log.taken() == ["+a", "+b"]
        client.put(config("a", "2"))
        await client.create(MAPS, config("c"), "default")
        await client.delete(MAPS, "b", "default")
        await settle()
        assert log.taken() == ["a:1>2", "+c", "-b"]
        assert sorted(each["metadata"]["name"] for each in informer.cache) == ["a", "c"]
        assert "managedFields" not in (informer.cache.get("a", "default") or {})["metadata"]


async def test_a_handler_that_comes_late_is_told_what_is_there_and_may_go() -> None:
    client = FakeClient(config("a"))
    async with running(client) as (informer, _):
        late = Log()
        take_off = informer.add_handler(late)
        assert late.taken() == ["+a"]
        take_off()
        client.put(config("a", "2"))
        await settle()
        assert late == []


async def test_after_a_compaction_it_lists_again_and_tells_the_difference() -> None:
    client = FakeClient(config("a", "1"), config("b"), config("same"))
    async with running(client) as (_, log):
        client.fault = lambda call: Unavailable("down") if call.verb == "watch" else None
        client.end_watches()
        await clock_of(client).advance(3)
        client.put(config("a", "2"), config("c"))
        await client.delete(MAPS, "b", "default")
        client.compact()
        client.fault = lambda call: None
        log.clear()
        await clock_of(client).advance(60)
        assert sorted(log.taken()) == ["+c", "-b", "a:1>2"]


async def test_an_object_made_anew_under_the_same_name_is_a_deletion_and_an_addition() -> None:
    client = FakeClient(config("a", "1"))
    async with running(client) as (_, log):
        client.fault = lambda call: Unavailable("down") if call.verb == "watch" else None
        client.end_watches()
        await settle()
        await client.delete(MAPS, "a", "default")
        await client.create(MAPS, config("a", "2"), "default")
        client.compact()
        client.fault = lambda call: None
        await clock_of(client).advance(60)
        assert log.taken() == ["+a", "-a", "+a"]


async def test_a_selection_keeps_to_its_objects() -> None:
    client = FakeClient(config("a"), config("a", namespace="other"))
    async with running(client, Selection(MAPS, "other")) as (informer, log):
        client.put(config("b"), config("b", namespace="other"))
        await settle()
        assert log == ["+a", "+b"] and informer.cache.get("b", "other") and not informer.cache.get("b", "default")


async def test_a_handler_that_fails_harms_nobody_else() -> None:
    client = FakeClient(config("a"))
    async with running(client) as (informer, log):

        def broken(old: Object | None, new: Object | None) -> None:
            raise ValueError("broken")

        informer.add_handler(broken)
        client.put(config("b"))
        await settle()
        assert log == ["+a", "+b"]


async def test_it_says_how_new_its_state_is() -> None:
    client = FakeClient(config("a", "1"))
    async with running(client) as (informer, _):
        listed = informer.revision
        assert listed == client.revision
        made = await client.create(MAPS, config("b", "1"), "default")
        assert informer.revision == listed < int(made["metadata"]["resourceVersion"])
        await settle()
        assert informer.revision == int(made["metadata"]["resourceVersion"])
    assert Informer(client, EVERYWHERE, client.clock).revision == 0
