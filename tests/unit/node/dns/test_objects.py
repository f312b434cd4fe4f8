from tests.unit.node.proxy.objects import endpoint, service, slice_
from wherry.node.dns import objects


def test_services_are_of_three_kinds() -> None:
    plain, external = service(), service(address="", type="ExternalName", externalName="a.b")
    headless = service(clusterIP="None", clusterIPs=["None"])
    assert [objects.is_external(each) for each in (plain, external, headless)] == [False, True, False]
    assert [objects.is_headless(each) for each in (plain, external, headless)] == [False, True, True]
    assert objects.cluster_addresses(service(address="10.0.0.1,fd00::1")) == ["10.0.0.1", "fd00::1"]
    assert objects.cluster_addresses(headless) == []


def test_ports_have_a_name_a_protocol_and_a_number() -> None:
    given = [{"port": 80}, {"name": "dns", "protocol": "UDP", "port": 53}]
    assert list(objects.ports(service(ports=given))) == [("", "tcp", 80), ("dns", "udp", 53)]
    assert list(objects.slice_ports(slice_("web", [], ports=[*given, {"name": "any"}]))) == [
        ("", "tcp", 80), ("dns", "udp", 53),
    ]  # fmt: skip


def test_endpoints_that_are_ready_have_a_label() -> None:
    given = [endpoint("10.0.0.1"), endpoint("10.0.0.2", hostname="b"), endpoint("10.0.0.3", ready=False)]
    assert list(objects.endpoints(slice_("web", given))) == [("10-0-0-1", "10.0.0.1"), ("b", "10.0.0.2")]
    assert list(objects.endpoints(slice_("web", [endpoint("fd00::1")], kind="IPv6"))) == [("fd00--1", "fd00::1")]
    assert list(objects.endpoints(slice_("web", [endpoint("a.example")], kind="FQDN"))) == []


def test_addresses_have_one_spelling() -> None:
    assert objects.canonical("FD00:0::1") == "fd00::1"
    assert objects.canonical("a.b") == "a.b"
    assert objects.service_of(slice_("web", [])) == "web"
    assert objects.service_of({"metadata": {}}) == ""
