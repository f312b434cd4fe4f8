from tests.unit.node.proxy.objects import endpoint, service, slice_
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.proxy.facts import SLICES, ServiceFacts

NODE: Object = {
    "apiVersion": "v1", "kind": "Node",
    "metadata": {"name": "here", "labels": {"topology.kubernetes.io/zone": "a"}},
}  # fmt: skip
WEB = ("default", "web")


async def test_changes_are_told_by_service_and_facts_found_by_service_and_address() -> None:
    client, told = FakeClient(service(), slice_("web", [endpoint("10.0.0.1")]), NODE), list[object]()
    async with Informers(client, FakeClock()) as informers:
        facts = ServiceFacts(informers, "here", told.extend, lambda: told.append("zone"))
        off = facts.watch()
        await settle()
        assert WEB in told
        assert "zone" in told
        assert facts.zone() == "a"
        assert facts.every_service() == [WEB]
        assert [each["metadata"]["name"] for each in facts.slices(WEB)] == ["web-1"]
        assert facts.services_at(["10.0.0.1", "10.0.0.2"]) == {WEB}
        told.clear()
        client.put(slice_("web", [endpoint("10.0.0.2")], name="web-0"), slice_("other", [], name="web-1"))
        await settle()
        assert set(told) == {WEB, ("default", "other")}
        assert [each["metadata"]["name"] for each in facts.slices(WEB)] == ["web-0"]
        assert facts.services_at(["10.0.0.1"]) == set()
        told.clear()
        off()
        await client.delete(SLICES, "web-0", "default")
        await settle()
        assert told == []


async def test_a_node_that_nobody_knows_is_in_no_zone() -> None:
    async with Informers(FakeClient(NODE), FakeClock()) as informers:
        facts = ServiceFacts(informers, "elsewhere", lambda keys: None, lambda: None)
        await settle()
        assert facts.zone() == ""
        assert facts.service(WEB) is None
