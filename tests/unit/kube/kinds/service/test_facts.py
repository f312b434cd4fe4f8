from typing import Any

import pytest

from wherry.kube.kinds.service import facts


@pytest.mark.parametrize(
    ("spec", "address", "may_have_ports", "wants_ports", "external", "health"),
    [
        ({"type": "ClusterIP"}, True, False, False, False, False),
        ({"type": "ClusterIP", "externalIPs": ["1.2.3.4"]}, True, False, False, True, False),
        ({"type": "NodePort"}, True, True, True, True, False),
        ({"type": "LoadBalancer"}, True, True, True, True, False),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}, True, True, False, True, False),
        ({"type": "LoadBalancer", "externalTrafficPolicy": "Local"}, True, True, True, True, True),
        ({"type": "NodePort", "externalTrafficPolicy": "Local"}, True, True, True, True, False),
        ({"type": "ExternalName"}, False, False, False, False, False),
    ],
)
def test_what_follows_from_a_type(
    spec: dict[str, Any],
    address: bool,
    may_have_ports: bool,
    wants_ports: bool,
    external: bool,
    health: bool,
) -> None:
    assert facts.needs_address(spec) is address
    assert facts.needs_node_ports(spec) is may_have_ports
    assert facts.wants_node_ports(spec) is wants_ports
    assert facts.is_external(spec) is external
    assert facts.needs_health_check(spec) is health


def test_a_headless_service_holds_no_address() -> None:
    spec = {"clusterIPs": ["None"]}
    assert facts.is_headless(spec)
    assert facts.addresses(spec) == []
    assert not facts.is_headless({"clusterIPs": ["10.96.0.1"]})
    assert facts.addresses({"clusterIPs": ["10.96.0.1", "fd00::1"]}) == ["10.96.0.1", "fd00::1"]


def test_all_ports_of_nodes_are_counted() -> None:
    spec = {"ports": [{"port": 80, "nodePort": 30080}, {"port": 81}], "healthCheckNodePort": 30099}
    assert facts.node_ports(spec) == {30080, 30099}
