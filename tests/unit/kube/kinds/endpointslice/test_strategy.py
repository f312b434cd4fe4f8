"""Defaults and rules of EndpointSlices, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.endpointslice import KIND
from wherry.kube.machinery.model import Object


def at(*addresses: str, **endpoint: Any) -> Object:
    return {"addressType": "IPv4", "endpoints": [{"addresses": list(addresses), **endpoint}]}


def test_ports_have_a_name_and_a_protocol() -> None:
    assert made(KIND, addressType="IPv4", ports=[{"port": 80}])["ports"] == [
        {"port": 80, "name": "", "protocol": "TCP"}
    ]


def test_what_only_an_old_version_could_write_is_dropped() -> None:
    (endpoint,) = made(KIND, **at("10.0.0.1", deprecatedTopology={"a": "b"}))["endpoints"]
    assert "deprecatedTopology" not in endpoint


AT = "endpoints[0].addresses[0]"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (at("10.0.0.1", nodeName="n", hostname="h"), []),
        ({"addressType": "FQDN", "endpoints": [{"addresses": ["a.example.com"]}]}, []),
        ({}, ["addressType: Required value"]),
        ({"addressType": "X"}, ['addressType: Unsupported value: "X": supported values: "FQDN", "IPv4", "IPv6"']),
        (at(), ["endpoints[0].addresses: Required value: must contain at least 1 address"]),
        (at("127.0.0.1"),
         [f'{AT}: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)']),
        (at("169.254.169.254"),
         [f'{AT}: Invalid value: "169.254.169.254": may not be in the link-local range '
          "(169.254.0.0/16, fe80::/10)"]),
        ({**at("fe80::1"), "addressType": "IPv6"},
         [f'{AT}: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)']),
        (at("::1"),
         [f'{AT}: Invalid value: "::1": must be a valid IPv4 address',
          f'{AT}: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)']),
        ({"addressType": "IPv4", "ports": [{"port": 1, "protocol": "X"}]},
         ['ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"']),
        ({"addressType": "IPv4", "ports": [{"port": 1}, {"port": 2}]}, ['ports[1].name: Duplicate value: ""']),
        (at("10.0.0.1", hints={"forZones": [{"name": "z"}, {"name": "z"}]}),
         ['endpoints[0].hints.forZones[1].name: Duplicate value: "z"']),
        (at("10.0.0.1", hints={"forNodes": [{"name": f"n{n}"} for n in range(9)]}),
         ["endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items"]),
        (at(*(f"10.0.0.{n}" for n in range(1, 102))),
         ["endpoints[0].addresses: Too many: 101: must have at most 100 items"]),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, **fields) == errors


def test_a_slice_keeps_its_type() -> None:
    old = made(KIND, **at("10.0.0.1"))
    assert changed(KIND, old, addressType="FQDN", endpoints=[]) == [
        'addressType: Invalid value: "FQDN": field is immutable'
    ]


def test_what_is_warned_of() -> None:
    named = made(KIND, addressType="FQDN")
    assert list(KIND.strategy.warnings(named, None)) == ["spec.addressType: FQDN endpoints are deprecated"]
    assert not KIND.strategy.warnings(named, named)
    odd = made(KIND, addressType="IPv6", endpoints=[{"addresses": ["2001:DB8::1"]}])
    assert list(KIND.strategy.warnings(odd, None)) == [
        f'{AT}: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'
    ]


def test_what_is_shown() -> None:
    addresses = [f"10.0.0.{n}" for n in range(1, 6)]
    obj = made(KIND, **at(*addresses), ports=[{"port": 80}, {"name": "any"}])
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", "IPv4", "80,any", "10.0.0.1,10.0.0.2,10.0.0.3 + 2 more...", "2m5s")
    assert KIND.cells(made(KIND, addressType="IPv6"), NOW) == ("a", "IPv6", "<unset>", "<unset>", "2m5s")
