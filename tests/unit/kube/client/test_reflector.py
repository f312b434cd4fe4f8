import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.unit.kube.client.told import Told, clock_of, under_way
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.client.model import View
from wherry.kube.client.reflector import PAGE_OBJECTS, Reflector, Selection
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import unavailable

MAPS = GroupVersionResource("", "v1", "configmaps")
EVERYWHERE = Selection(MAPS)
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "u"}


def config(name: str, value: str = "", namespace: str = "default", **meta: object) -> Object:
    found = {"name": name, "namespace": namespace, "annotations": {"x": "y"}, **meta}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": found, "data": {"value": value}}


class Log(Told):
    """A sink that keeps what it was told, of names and values: ``= a b``, ``a:1``, ``-a``."""

    def kept(self, obj: Object) -> Object:
        return {"told": f"{obj['metadata']['name']}:{obj['data']['value']}".rstrip(":")}

    def replace(self, objects: list[Object]) -> None:
        self.append(" ".join(["=", *(each["told"] for each in objects)]))

    def put(self, obj: Object) -> None:
        self.append(obj["told"])

    def remove(self, obj: Object) -> None:
        self.append(f"-{obj['told']}")


@contextlib.asynccontextmanager
async def running(client: FakeClient, selection: Selection = EVERYWHERE) -> AsyncIterator[tuple[Reflector, Log]]:
    log = Log()
    reflector = Reflector(client, selection, client.clock, log)
    async with under_way(reflector.run()):
        yield reflector, log


async def test_what_is_there_is_told_at_once_then_what_changes() -> None:
    client = FakeClient(config("a", "1"), config("b"))
    async with running(client) as (reflector, log):
        assert reflector.synced.is_set() and log.taken() == ["= a:1 b"]
        client.put(config("a", "2"))
        await client.create(MAPS, config("c"), "default")
        await client.delete(MAPS, "a", "default")
        await settle()
        assert log.taken() == ["a:2", "c", "-a:2"]


async def test_a_mistake_of_ours_is_told_of_and_it_begins_anew(caplog: pytest.LogCaptureFixture) -> None:
    """It runs in a group with all others', which must not end with it."""

    class Mistaken(Log):
        mistakes = 2

        def kept(self, obj: Object) -> Object:
            if self.mistakes and obj["metadata"]["name"] == "b":
                self.mistakes -= 1
                raise KeyError("nobody expected that")
            return super().kept(obj)

    client, log = FakeClient(config("a")), Mistaken()
    reflector = Reflector(client, EVERYWHERE, client.clock, log)
    task = asyncio.ensure_future(reflector.run())
    await settle()
    client.put(config("b", "1"))
    await settle()
    assert log.taken() == ["= a"] and "configmaps cannot be followed" in caplog.text
    await clock_of(client).advance(60)
    assert log.taken() == ["= a b:1"] and not task.done()
    task.cancel()


async def test_many_objects_come_in_pages() -> None:
    client = FakeClient(*(config(f"c{number:04d}") for number in range(2 * PAGE_OBJECTS + 1)))
    async with running(client) as (reflector, log):
        await reflector.synced.wait()
        (told,) = log
        assert len(told.split()) == 2 * PAGE_OBJECTS + 2
        assert sum(call.verb == "list" for call in client.reads) == 3


async def test_a_watch_that_ends_goes_on_from_where_it_was() -> None:
    client = FakeClient(config("a", "1"))
    async with running(client) as (_, log):
        client.end_watches()
        client.put(config("a", "2"))
        await clock_of(client).advance(5)
        client.put(config("a", "3"))
        await settle()
        assert log.taken() == ["= a:1", "a:2", "a:3"]
        assert sum(call.verb == "list" for call in client.reads) == 1


async def test_a_bookmark_moves_the_place_to_go_on_from() -> None:
    client = FakeClient(config("a"))
    async with running(client) as (_, log):
        client.put({**config("elsewhere"), "kind": "Secret"})
        client.bookmark()
        await settle()
        client.compact()
        client.end_watches()
        await clock_of(client).advance(5)
        client.put(config("a", "2"))
        await settle()
        assert log.taken() == ["= a", "a:2"]
        assert sum(call.verb == "list" for call in client.reads) == 1


async def test_after_a_gap_it_tells_what_there_is_now() -> None:
    client = FakeClient(config("a", "1"), config("b"))
    async with running(client) as (reflector, log):
        client.fault = lambda call: Unavailable("down") if call.verb == "watch" else None
        client.end_watches()
        await clock_of(client).advance(3)
        client.put(config("a", "2"), config("c"))
        await client.delete(MAPS, "b", "default")
        client.compact()
        client.fault = lambda call: None
        log.clear()
        await clock_of(client).advance(60)
        assert log == ["= a:2 c"] and reflector.revision == client.revision


async def test_errors_are_tried_again_ever_less_often() -> None:
    client = FakeClient(config("a"))
    client.fault = lambda call: unavailable("starting")
    async with running(client) as (reflector, log):
        await clock_of(client).advance(600)
        tries = len(client.reads)
        assert not reflector.synced.is_set() and 10 < tries < 40
        client.fault = lambda call: None
        await clock_of(client).advance(61)
        assert log == ["= a"]


async def test_a_server_that_ends_every_watch_at_once_is_not_pestered() -> None:
    client = FakeClient()

    def end(call: Call) -> None:
        if call.verb == "watch":
            asyncio.get_running_loop().call_soon(client.end_watches)

    client.fault = lambda call: end(call)
    async with running(client):
        await clock_of(client).advance(60)
        assert sum(call.verb == "watch" for call in client.reads) <= 80


async def test_who_cares_for_ties_hears_of_them_and_of_every_end() -> None:
    tied = {"ownerReferences": [OWNER]}
    client = FakeClient(config("free"), config("tied", **tied))
    async with running(client, Selection(MAPS, view=View.TIES)) as (_, log):
        assert log.taken() == ["= tied"]
        client.put(config("free", "1"), config("tied", "1", **tied), config("tied", "2"), config("tied", "3"))
        await client.delete(MAPS, "free", "default")
        await settle()
        assert log.taken() == ["tied:1", "tied:2", "-free:1"]
