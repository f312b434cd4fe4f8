from datetime import UTC, datetime

from tests.unit.kube.controllers.harness import EVENTS, clock_of, names, running
from wherry.kit.errors import Unavailable
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.servicenetworks import NAME, NETWORKS, ServiceNetworks, wanted
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ONE, TWO = ["10.96.0.0/12"], ["10.96.0.0/12", "fd00:10:96::/112"]


def settled(ranges: list[str], known: Object | None = None) -> Object:
    """What is there when nothing more is to be written."""
    while (made := wanted(known, ranges, NOW)) is not known:
        known = made
    assert known is not None
    return known


def test_it_shows_the_networks_and_is_ready() -> None:
    found = settled(TWO)
    assert (found["metadata"]["name"], found["spec"]["cidrs"]) == ("kubernetes", TWO)
    assert found["status"]["conditions"] == [
        {
            "type": "Ready", "status": "True", "reason": "", "lastTransitionTime": "2026-01-02T00:00:00Z",
            "message": "Kubernetes default Service CIDR is ready",
        }
    ]  # fmt: skip


def test_a_second_family_comes_and_does_not_go_and_nothing_else_changes() -> None:
    one = settled(ONE)
    two = settled(TWO, one)
    assert (two["spec"]["cidrs"], two["status"]) == (TWO, one["status"])
    assert settled(ONE, two) is two
    assert settled(["10.1.0.0/16"], one) is one


def test_somebody_elses_word_on_it_stays() -> None:
    known = settled(ONE)
    known["status"]["conditions"][0]["status"] = "False"
    assert settled(ONE, known) is known


async def test_it_comes_back_and_what_does_not_fit_is_told_once() -> None:
    client = FakeClient()
    async with running(client, lambda needs: [ServiceNetworks(needs, TWO)]):
        await clock_of(client).advance(1)
        assert names(client, NETWORKS) == [NAME]
        await client.delete(NETWORKS, NAME)
        await clock_of(client).advance(15)
        found = client.find(NETWORKS, NAME)
        assert found and found["status"]["conditions"][0]["status"] == "True"
        client.calls.clear()
        await clock_of(client).advance(60)
        assert client.calls == []
    client.fault = lambda call: Unavailable("the store is away") if call.resource.resource == "servicecidrs" else None
    async with running(client, lambda needs: [ServiceNetworks(needs, ONE)]):
        await clock_of(client).advance(60)  # it waits, and does not end
        client.fault = lambda call: None
        await clock_of(client).advance(60)
    told = [each for each in client.all(EVENTS) if each["reason"] == "KubernetesDefaultServiceCIDRInconsistent"]
    assert [each["message"] for each in told] == [
        "The default ServiceCIDR [10.96.0.0/12 fd00:10:96::/112] does not match the controller flag configurations "
        "[10.96.0.0/12]"
    ]
