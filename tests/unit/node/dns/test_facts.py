from tests.unit.node.proxy.objects import endpoint, namespace, service, slice_
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.node.dns.facts import InformedFacts


async def test_what_is_there_is_found_by_name_and_by_address() -> None:
    web = service(address="10.96.0.1,FD00::1")
    client = FakeClient(
        namespace(), web, slice_("web", [endpoint("FD00::2"), endpoint("10.0.0.3", ready=False)], kind="IPv6")
    )
    async with Informers(client, FakeClock()) as informers:
        facts = InformedFacts(informers)
        await informers.wait_synced(*facts.informers)
        assert facts.has_namespace("default")
        assert not facts.has_namespace("other")
        found = facts.service("default", "web")
        assert found is not None
        assert facts.service("other", "web") is None
        assert list(facts.services_at("fd00::1")) == [found]
        assert [each["metadata"]["name"] for each in facts.slices("default", "web")] == ["web-1"]
        assert [each["metadata"]["name"] for each in facts.slices_at("fd00::2")] == ["web-1"]
        assert list(facts.slices_at("10.0.0.3")) == []
        client.put(slice_("web", [endpoint("10.0.0.4")]))
        await settle()
        assert list(facts.slices_at("fd00::2")) == []
