"""The cluster's names: the specification, section by section."""

from ipaddress import IPv4Network, ip_address

import pytest

from tests.unit.node.dns.cluster import facts
from wherry.node.dns.message import Answer
from wherry.node.dns.names import name
from wherry.node.dns.records import Code, Record, Type
from wherry.node.dns.zone import Elsewhere, Zone

ZONE = Zone(facts(), addresses=["10.96.0.10"], networks=[IPv4Network("10.96.0.0/12")])
SVC = "svc.cluster.local"


def answer(asked: str, type_: int = Type.A) -> Answer:
    found = ZONE.answer(name(asked), type_)
    assert isinstance(found, Answer), found
    return found


def told(asked: str, type_: int = Type.A) -> list[str]:
    """The data of the answer's records, for people."""
    return [shown(record) for record in answer(asked, type_).answers]


def shown(record: Record) -> str:
    if record.type in (Type.A, Type.AAAA):
        return str(ip_address(record.data))
    if record.type == Type.SRV:
        return f"{int.from_bytes(record.data[4:6], 'big')} {labels(record.data[6:])}"
    return record.data[1:].decode() if record.type == Type.TXT else labels(record.data)


def labels(data: bytes) -> str:
    found = []
    while data[0]:
        found.append(data[1 : 1 + data[0]].decode())
        data = data[1 + data[0] :]
    return ".".join(found)


def test_the_version() -> None:
    assert told("dns-version.cluster.local", Type.TXT) == ["1.1.0"]
    assert answer("dns-version.cluster.local").code == Code.NOERROR


def test_a_service_has_its_addresses() -> None:
    assert told(f"web.default.{SVC}") == ["10.96.0.1"]
    assert told(f"WEB.default.{SVC}", Type.AAAA) == ["fd00:96::1"]
    assert len(told(f"web.default.{SVC}", Type.ANY)) == 2


def test_a_services_named_ports_are_srv_records() -> None:
    found = answer(f"_http._tcp.web.default.{SVC}", Type.SRV)
    assert [shown(record) for record in found.answers] == [f"80 web.default.{SVC}"]
    assert [shown(record) for record in found.more] == ["10.96.0.1", "fd00:96::1"]
    assert told(f"_dns._udp.web.default.{SVC}", Type.SRV) == [f"53 web.default.{SVC}"]
    assert answer(f"_http._udp.web.default.{SVC}", Type.SRV).code == Code.NXDOMAIN
    assert len(told(f"web.default.{SVC}", Type.SRV)) == 2
    assert answer(f"_tcp.web.default.{SVC}", Type.SRV).code == Code.NOERROR


def test_a_headless_service_has_the_addresses_of_its_ready_endpoints() -> None:
    assert told(f"db.default.{SVC}") == ["10.0.0.5", "10.0.0.6"]
    assert told(f"db.default.{SVC}", Type.AAAA) == ["fd00::5"]
    assert {record.ttl for record in answer(f"db.default.{SVC}").answers} == {5}
    assert answer(f"idle.default.{SVC}").code == Code.NXDOMAIN, "no endpoint is ready"


def test_endpoints_have_names_of_their_own() -> None:
    assert told(f"db-0.db.default.{SVC}") == ["10.0.0.5"]
    assert told(f"db-0.db.default.{SVC}", Type.AAAA) == ["fd00::5"]
    assert told(f"10-0-0-6.db.default.{SVC}") == ["10.0.0.6"]
    assert answer(f"10-0-0-7.db.default.{SVC}").code == Code.NXDOMAIN
    assert answer(f"10-0-0-5.db.default.{SVC}").code == Code.NXDOMAIN, "it is called otherwise"


def test_a_headless_services_ports_are_srv_records_of_its_endpoints() -> None:
    found = answer(f"_sql._tcp.db.default.{SVC}", Type.SRV)
    assert {shown(record) for record in found.answers} == {
        f"5432 db-0.db.default.{SVC}", f"5432 10-0-0-6.db.default.{SVC}",
    }  # fmt: skip
    assert {shown(record) for record in found.more} == {"10.0.0.5", "10.0.0.6", "fd00::5"}
    assert answer(f"_other._tcp.db.default.{SVC}", Type.SRV).code == Code.NXDOMAIN


def test_a_name_elsewhere_is_an_alias() -> None:
    found = ZONE.answer(name(f"out.default.{SVC}"), Type.A)
    assert isinstance(found, Elsewhere)
    assert (found.target, found.alias.type) == (name("www.example.org"), Type.CNAME)
    assert told(f"out.default.{SVC}", Type.CNAME) == ["www.example.org"]
    assert answer(f"below.out.default.{SVC}").code == Code.NXDOMAIN


@pytest.mark.parametrize(
    ("reverse", "expected"),
    [
        ("1.0.96.10.in-addr.arpa", [f"web.default.{SVC}"]),
        ("5.0.0.10.in-addr.arpa", [f"db-0.db.default.{SVC}"]),
        ("6.0.0.10.in-addr.arpa", [f"10-0-0-6.db.default.{SVC}"]),
        (ip_address("fd00:96::1").reverse_pointer, [f"web.default.{SVC}"]),
        (ip_address("fd00::5").reverse_pointer, [f"db-0.db.default.{SVC}"]),
    ],
)
def test_addresses_have_names(reverse: str, expected: list[str]) -> None:
    assert told(reverse, Type.PTR) == expected
    assert answer(reverse).code == Code.NOERROR


def test_addresses_that_nobody_has_are_the_clusters_business_where_they_are_its_own() -> None:
    assert answer("9.9.97.10.in-addr.arpa", Type.PTR).code == Code.NXDOMAIN
    assert ZONE.answer(name("9.9.9.9.in-addr.arpa"), Type.PTR) is None
    assert ZONE.answer(name("9.9.in-addr.arpa"), Type.PTR) is None


def test_pods_are_called_by_their_addresses() -> None:
    assert told("10-0-0-9.default.pod.cluster.local") == ["10.0.0.9"]
    assert told("fd00--9.default.pod.cluster.local", Type.AAAA) == ["fd00::9"]
    assert told("10-0-0-9.default.pod.cluster.local", Type.AAAA) == []
    for bad in ("10-0-0-9.nowhere.pod", "name.default.pod", "x.10-0-0-9.default.pod"):
        assert answer(f"{bad}.cluster.local").code == Code.NXDOMAIN


def test_negative_answers_say_for_how_long() -> None:
    for asked, code in ((f"no.default.{SVC}", Code.NXDOMAIN), (f"web.default.{SVC}", Code.NOERROR)):
        found = answer(asked, Type.MX)
        assert (found.code, found.answers) == (code, ())
        (soa,) = found.authority
        assert (soa.name, soa.type, soa.ttl, soa.data[-4:]) == (name("cluster.local"), Type.SOA, 5, b"\0\0\0\5")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("cluster.local", Code.NOERROR),
        (SVC, Code.NOERROR),
        ("pod.cluster.local", Code.NOERROR),
        (f"default.{SVC}", Code.NOERROR),
        ("default.pod.cluster.local", Code.NOERROR),
        (f"nowhere.{SVC}", Code.NXDOMAIN),
        (f"nowhere.nowhere.{SVC}", Code.NXDOMAIN),
        ("other.cluster.local", Code.NXDOMAIN),
        (f"a.b.c.web.default.{SVC}", Code.NXDOMAIN),
        (f"a.web.default.{SVC}", Code.NXDOMAIN),
        ("web.cluster.local", Code.NXDOMAIN),
    ],
)
def test_names_in_between_exist_and_others_do_not(asked: str, code: int) -> None:
    assert answer(asked).code == code


def test_the_zone_tells_of_itself() -> None:
    assert answer("cluster.local", Type.SOA).answers[0].type == Type.SOA
    found = answer("cluster.local", Type.NS)
    assert [shown(record) for record in found.answers] == ["ns.dns.cluster.local"]
    assert [shown(record) for record in found.more] == ["10.96.0.10"]
    assert told("ns.dns.cluster.local") == ["10.96.0.10"]


def test_other_names_are_none_of_its_business() -> None:
    for asked in ("example.org", "local", "notcluster.local", ""):
        assert ZONE.answer(name(asked), Type.A) is None


def test_labels_that_no_object_has_exist_for_nobody() -> None:
    for label in (b"\xff", b"we.b", b"\0"):
        found = ZONE.answer((label, b"default", b"svc", b"cluster", b"local"), Type.A)
        assert isinstance(found, Answer)
        assert found.code == Code.NXDOMAIN


def test_endpoints_come_in_another_order_each_time() -> None:
    shuffled = Zone(facts(), shuffle=lambda found: found.reverse())
    found = shuffled.answer(name(f"db.default.{SVC}"), Type.A)
    assert isinstance(found, Answer)
    assert [shown(record) for record in found.answers] == ["10.0.0.6", "10.0.0.5"]
