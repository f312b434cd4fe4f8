"""One informer for many nodes."""

from tests.unit.node.pods.rig import Client, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.pods.sources import Shares
from wherry.node.pods.view import PODS


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
