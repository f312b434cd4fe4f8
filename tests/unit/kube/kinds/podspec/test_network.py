from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container, pod_spec, said
from tests.unit.kube.kinds.podspec.specs import wrong_spec, wrong_template
from wherry.kube.kinds.podspec.network import validate_host_network
from wherry.kube.machinery.fielderrors import Path

S = "t.spec"
MANY = [f"{number}.example" for number in range(33)]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"dnsPolicy": "None"}, [f"{S}.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
        (
            {"dnsPolicy": "None", "dnsConfig": {"searches": ["a"]}},
            [
                f"{S}.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when "
                "`dnsPolicy` is None"
            ],
        ),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.0.0.1"]}}, []),
        (
            {"dnsConfig": {"nameservers": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "::1"]}},
            [
                f'{S}.dnsConfig.nameservers: Invalid value: ["10.0.0.1","10.0.0.2","10.0.0.3","::1"]: '
                "must not have more than 3 nameservers"
            ],
        ),
        (
            {"dnsConfig": {"nameservers": ["dns"]}},
            [
                f'{S}.dnsConfig.nameservers[0]: Invalid value: "dns": must be a valid IP address, '
                "(e.g. 10.9.8.7 or 2001:db8::ffff)"
            ],
        ),
        ({"dnsConfig": {"searches": [".", "a.b.", "_x.c"]}}, []),
        ({"dnsConfig": {"options": [{"name": ""}]}}, [f"{S}.dnsConfig.options[0]: Required value: must not be empty"]),
        (
            {"dnsPolicy": "Best"},
            [
                f'{S}.dnsPolicy: Unsupported value: "Best": supported values: "ClusterFirst", '
                '"ClusterFirstWithHostNet", "Default", "None"'
            ],
        ),
        (
            {"hostAliases": [{"ip": "x", "hostnames": ["a"]}]},
            [
                f'{S}.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, '
                "(e.g. 10.9.8.7 or 2001:db8::ffff)"
            ],
        ),
        (
            {"hostnameOverride": "a", "setHostnameAsFQDN": True},
            [f"{S}.hostnameOverride: Forbidden: may not be specified when `setHostnameAsFQDN` is true"],
        ),
        (
            {"hostnameOverride": "a", "hostNetwork": True},
            [f"{S}.hostnameOverride: Forbidden: may not be specified when `hostNetwork` is true"],
        ),
        (
            {"hostnameOverride": "a" * 65},
            [
                f'{S}.hostnameOverride: Invalid value: "{"a" * 65}": must be no more than 64 bytes',
            ],
        ),
    ],
)
def test_names_and_addresses(fields: dict[str, Any], errors: list[str]) -> None:
    assert wrong_spec(**fields) == errors


@pytest.mark.parametrize("field", ["hostname", "subdomain"])
def test_a_host_name_is_a_label(field: str) -> None:
    (error,) = wrong_spec(**{field: "A"})
    assert error.startswith(f'{S}.{field}: Invalid value: "A": a lowercase RFC 1123 label must consist of')
    assert wrong_spec(**{field: "a.b"}) == [f'{S}.{field}: Invalid value: "a.b": must not contain dots']


def test_a_search_list_has_an_end() -> None:
    many, long = wrong_spec(dnsConfig={"searches": MANY}), wrong_spec(dnsConfig={"searches": ["a" * 60 + ".b"] * 32})
    assert [error.rpartition(": ")[2] for error in many] == ["must not have more than 32 search paths"]
    assert long == []
    (error,) = wrong_spec(dnsConfig={"searches": ["a" * 60 + ".b.c.d"] * 32})
    assert error.endswith("must not have more than 2048 characters (including spaces) in the search list")


def test_ports_are_the_nodes_with_its_network() -> None:
    """They follow by themselves where none is said, so that only another one can be wrong."""
    ports = [{"containerPort": 80, "hostPort": 81}]
    error = "must match `containerPort` when `hostNetwork` is true"
    assert wrong_template(spec=pod_spec(container(ports=ports), hostNetwork=True)) == [
        f"{S}.containers[0].ports[0].hostPort: Invalid value: 81: {error}"
    ]
    assert wrong_template(spec=pod_spec(container(ports=[{"containerPort": 80}]), hostNetwork=True)) == []


def test_a_pod_names_the_nodes_port_where_a_template_need_not() -> None:
    spec = pod_spec(container(ports=[{"containerPort": 80}]), hostNetwork=True)
    assert not validate_host_network(spec, Path("spec"), is_pod=False)
    assert said(validate_host_network(spec, Path("spec"), is_pod=True)) == [
        "spec.containers[0].ports[0].hostPort: Invalid value: 0: must match `containerPort` when `hostNetwork` is true"
    ]
