import json

import pytest

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.dns.config import nameservers, server, upstreams
from wherry.node.dns.exchange import Server
from wherry.node.dns.names import name

RESOLV = "# a comment\nsearch a b\nnameserver 10.0.0.1\nnameserver nonsense\nnameserver fe80::1%eth0\noptions ndots:5\n"


def config(**data: object) -> Object:
    return {"data": {key: value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}}


def test_the_nodes_own_servers_are_asked() -> None:
    assert nameservers(RESOLV) == [Server("10.0.0.1"), Server("fe80::1%eth0")]
    assert len(nameservers("nameserver 10.0.0.1\n" * 5)) == 3
    assert upstreams(RESOLV, None, ()).servers == (Server("10.0.0.1"), Server("fe80::1%eth0"))


def test_n07_nobody_is_asked_who_is_us() -> None:
    own = {Server("10.0.0.1")}
    assert upstreams(RESOLV, None, own).servers == (Server("fe80::1%eth0"),)
    found = upstreams("", config(stubDomains={"a.org": ["10.0.0.1", "10.0.0.2"]}), own)
    assert found.stubs == {name("a.org"): (Server("10.0.0.2"),)}


def test_the_config_map_has_stub_domains_and_other_servers() -> None:
    given = config(stubDomains={"Corp.Example": ["10.0.0.2:5353"]}, upstreamNameservers=["[fd00::1]:53", "10.0.0.3"])
    found = upstreams(RESOLV, given, ())
    assert found.servers == (Server("fd00::1"), Server("10.0.0.3"))
    assert found.stubs == {name("corp.example"): (Server("10.0.0.2", 5353),)}
    assert upstreams(RESOLV, {"data": None}, ()).servers == upstreams(RESOLV, None, ()).servers


@pytest.mark.parametrize(
    "bad",
    [
        {"stubDomains": "no json"},
        {"stubDomains": []},
        {"upstreamNameservers": {}},
        {"upstreamNameservers": ["example.org"]},
        {"upstreamNameservers": ["10.0.0.1:0"]},
        {"upstreamNameservers": [53]},
        {"stubDomains": {"a..b": ["10.0.0.1"]}},
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(bad: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="ConfigMap kube-dns"):
        upstreams(RESOLV, config(**bad), ())


def test_servers_are_written_in_every_usual_way() -> None:
    assert [server(each) for each in ("10.0.0.1", "10.0.0.1:5353", "fd00::1", "[fd00::1]:5353")] == [
        Server("10.0.0.1"), Server("10.0.0.1", 5353), Server("fd00::1"), Server("fd00::1", 5353),
    ]  # fmt: skip
