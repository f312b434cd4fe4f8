"""Defaults and rules of NetworkPolicies, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made
from wherry.kube.kinds.networkpolicy import KIND
from wherry.kube.machinery.model import Object


def test_which_way_it_is_about() -> None:
    assert made(KIND, spec={})["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert made(KIND, spec={"egress": [{}]})["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert made(KIND, spec={"policyTypes": ["Egress"]})["spec"]["policyTypes"] == ["Egress"]


def test_ports_are_tcp() -> None:
    assert made(KIND, spec={"ingress": [{"ports": [{"port": 1}]}]})["spec"]["ingress"] == [
        {"ports": [{"port": 1, "protocol": "TCP"}]}
    ]


def port(**fields: Any) -> Object:
    return {"ingress": [{"ports": [fields]}]}


def peer(**fields: Any) -> Object:
    return {"egress": [{"to": [fields]}]}


AT, TO = "spec.ingress[0].ports[0]", "spec.egress[0].to[0]"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        (port(port=80, endPort=90), []),
        (peer(podSelector={}, namespaceSelector={}), []),
        (peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}), []),
        ({"policyTypes": ["In"]},
         ['spec.policyTypes[0]: Unsupported value: "In": supported values: "Ingress", "Egress"']),
        ({"policyTypes": ["Ingress", "Egress", "Ingress"]},
         ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two '
          "policyTypes"]),
        (port(protocol="ICMP"),
         [f'{AT}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"']),
        (port(port=0), [f"{AT}.port: Invalid value: 0: must be between 1 and 65535, inclusive"]),
        (port(endPort=5), [f"{AT}.endPort: Invalid value: 5: may not be specified when `port` is not specified"]),
        (port(port="http", endPort=5),
         [f"{AT}.endPort: Invalid value: 5: may not be specified when `port` is non-numeric"]),
        (port(port=80, endPort=79),
         [f"{AT}.endPort: Invalid value: 80: must be greater than or equal to `port`"]),
        (peer(), [f"{TO}: Required value: must specify a peer"]),
        (peer(podSelector={}, ipBlock={"cidr": "10.0.0.0/8"}),
         [f"{TO}: Forbidden: may not specify both ipBlock and another peer"]),
        (peer(ipBlock={}), [f"{TO}.ipBlock.cidr: Required value"]),
        (peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}),
         [f'{TO}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`']),
        (peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}),
         [f'{TO}.ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`']),
        (peer(ipBlock={"cidr": "10.0.0.0"}),
         [f'{TO}.ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, '
          "(e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_networks_that_are_written_oddly_are_warned_of() -> None:
    block = {"cidr": "2001:DB8::/32", "except": ["2001:db8:0::/48"]}
    assert list(KIND.strategy.warnings(made(KIND, spec=peer(ipBlock=block)), None)) == [
        f'{TO}.ipBlock.cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")',
        f'{TO}.ipBlock.except[0]: IPv6 CIDR value "2001:db8:0::/48" should be in RFC 5952 canonical format '
        '("2001:db8::/48")',
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec={"podSelector": {"matchLabels": {"a": "b"}}}), NOW) == ("a", "a=b", "2m5s")
