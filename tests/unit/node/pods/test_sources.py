"""One informer for many nodes."""

from functools import partial

from tests.unit.node.pods.rig import Client, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.pods.references import Reference, References
from wherry.node.pods.sources import Objects, Shares
from wherry.node.pods.view import PODS

MAPS = GroupVersionResource("", "v1", "configmaps")


def on(name: str, node: str) -> Object:
    found = pod(name)
    found["spec"]["nodeName"] = node
    return found


async def test_each_hears_of_its_own() -> None:
    clock = FakeClock()
    client = Client(clock)
    client.put(on("a", "n1"), on("b", "n2"), on("c", ""))
    async with Informers(client, clock) as informers:
        shares = Shares(informers.of(PODS))
        share = shares.of("n1")
        await share.synced.wait()
        heard: list[tuple[str, str]] = []

        def told(old: Object | None, new: Object | None) -> None:
            what = "added" if old is None else "deleted" if new is None else "changed"
            heard.append(((new or old or {})["metadata"]["name"], what))

        off = share.add_handler(told)
        assert heard == [("a", "added")]
        client.put(on("c", "n1"))  # bound
        client.put(on("b", "n2"))
        await clock.advance(0)
        found = client.find(PODS, "c", "default")
        assert found is not None
        found["metadata"]["labels"] = {"x": "y"}
        client.put(found)
        await clock.advance(0)
        await client.delete(PODS, "c", "default", options={"gracePeriodSeconds": 0})
        await clock.advance(0)
        assert heard == [("a", "added"), ("c", "added"), ("c", "changed"), ("c", "deleted")]
        off()
        client.put(on("d", "n1"))
        await clock.advance(0)
        assert len(heard) == 4


def config_map(name: str, **data: str) -> Object:
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


async def test_single_objects_share_one_watch() -> None:
    clock = FakeClock()
    client = Client(clock)
    client.put(config_map("a"), config_map("b"))
    async with Informers(client, clock) as informers:
        objects = Objects(informers)
        heard: list[tuple[str, str]] = []

        def note(name: str, old: Object | None, new: Object | None) -> None:
            heard.append((name, (new or old or {})["metadata"]["name"]))

        singles = {name: objects.of(MAPS, "default", fields=f"metadata.name={name}") for name in ("a", "b", "c")}
        for name, single in singles.items():
            await single.synced.wait()
            single.add_handler(partial(note, name))
        assert heard == [("a", "a"), ("b", "b")]
        client.put(config_map("b", x="1"), config_map("c"))
        await clock.advance(0)
        assert heard[2:] == [("b", "b"), ("c", "c")]
        assert singles["a"].cache.get("c", "default") is not None
        objects.release(singles["b"])
        objects.release(singles["b"])
        client.put(config_map("b", x="2"))
        await client.delete(MAPS, "c", "default")
        await clock.advance(0)
        assert heard[4:] == [("c", "c")]
        assert len(client._streams) == 1


async def test_references_are_found_among_all() -> None:
    clock = FakeClock()
    client = Client(clock)
    client.put(config_map("m", x="1"))
    told: list[str] = []
    async with Informers(client, clock) as informers:
        references = References(Objects(informers), told.append)
        wanted = Reference("configmaps", "default", "m")
        await references.need("p", [wanted])
        assert (references.find(wanted) or {})["data"] == {"x": "1"}
        client.put(config_map("m", x="2"))
        await clock.advance(0)
        assert told == ["p", "p"]
        references.forget("p")
        client.put(config_map("m", x="3"))
        await clock.advance(0)
        assert told == ["p", "p"]


async def test_one_that_is_added_twice_is_told_once() -> None:
    clock = FakeClock()
    client = Client(clock)
    client.put(config_map("a"))
    async with Informers(client, clock) as informers:
        objects = Objects(informers)
        one, other = (objects.of(MAPS, "default", fields="metadata.name=a") for _ in range(2))
        await one.synced.wait()
        heard: list[str] = []

        def told(old: Object | None, new: Object | None) -> None:
            heard.append((new or old or {})["metadata"]["resourceVersion"])

        one.add_handler(told)
        other.add_handler(told)
        heard.clear()
        client.put(config_map("a", x="1"))
        await clock.advance(0)
        assert len(heard) == 1
        one.close()
        client.put(config_map("a", x="2"))
        await clock.advance(0)
        assert len(heard) == 1
