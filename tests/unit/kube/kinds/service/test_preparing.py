import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CONTEXT
from wherry.kube.kinds.service import KIND

HELD: dict[str, Any] = {
    "type": "NodePort",
    "clusterIP": "10.96.0.5",
    "clusterIPs": ["10.96.0.5"],
    "ipFamilies": ["IPv4"],
    "ipFamilyPolicy": "SingleStack",
    "externalTrafficPolicy": "Cluster",
    "ports": [{"name": "http", "port": 80, "protocol": "TCP", "nodePort": 30080}],
}


def prepared(before: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """The spec of an update that says only this."""
    new: dict[str, Any] = {"metadata": {}, "spec": copy.deepcopy(spec)}
    KIND.strategy.prepare_update(new, {"metadata": {}, "spec": before}, CONTEXT)
    return dict(new["spec"])


def port(**fields: Any) -> dict[str, Any]:
    return {"name": "http", "port": 80, "protocol": "TCP", **fields}


def test_who_leaves_out_what_was_given_does_not_give_it_back() -> None:
    found = prepared(HELD, type="NodePort", ports=[port()])
    assert (found["clusterIP"], found["clusterIPs"]) == ("10.96.0.5", ["10.96.0.5"])
    assert found["ports"] == [port(nodePort=30080)]


def test_a_port_that_somebody_else_has_now_is_not_kept() -> None:
    found = prepared(HELD, type="NodePort", ports=[port(), port(name="other", port=81, nodePort=30080)])
    assert "nodePort" not in found["ports"][0]


def test_the_first_address_may_be_changed_alone() -> None:
    """To what validation refuses: an address once given stays."""
    found = prepared(HELD, **{**HELD, "clusterIP": "10.96.0.6"})
    assert found["clusterIPs"] == ["10.96.0.6"]
    found = prepared(HELD, **{**HELD, "type": "ClusterIP", "clusterIP": ""})
    assert found["clusterIPs"] == ["10.96.0.5"]


def test_a_health_check_port_is_kept() -> None:
    local = {**HELD, "type": "LoadBalancer", "externalTrafficPolicy": "Local"}
    assert prepared({**local, "healthCheckNodePort": 30099}, **local)["healthCheckNodePort"] == 30099


@pytest.mark.parametrize(
    ("kind", "lost", "kept"),
    [
        ("ClusterIP", {"externalTrafficPolicy"}, {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}),
        (
            "ExternalName",
            {"externalTrafficPolicy", "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"},
            set(),
        ),
        ("LoadBalancer", set(), {"clusterIP", "externalTrafficPolicy"}),
    ],
)
def test_what_belongs_to_the_old_type_goes_with_it(kind: str, lost: set[str], kept: set[str]) -> None:
    found = prepared(HELD, **{**HELD, "type": kind, "ports": HELD["ports"]})
    assert not lost & found.keys()
    assert kept <= found.keys()
    assert ("nodePort" in found["ports"][0]) == (kind == "LoadBalancer")


def test_what_somebody_set_on_purpose_stays_to_be_refused() -> None:
    found = prepared(HELD, **{**HELD, "type": "ClusterIP", "ports": [port(nodePort=30081)]})
    assert found["ports"] == [port(nodePort=30081)]


def test_of_a_balancer_class_and_ports_go() -> None:
    balancer = {**HELD, "type": "LoadBalancer", "allocateLoadBalancerNodePorts": True, "loadBalancerClass": "a/b"}
    found = prepared(balancer, **{**balancer, "type": "NodePort"})
    assert not {"allocateLoadBalancerNodePorts", "loadBalancerClass"} & found.keys()


def test_a_new_one_gets_both_forms_of_its_address() -> None:
    new: dict[str, Any] = {"metadata": {}, "spec": {"clusterIP": "None"}}
    KIND.strategy.prepare_create(new, CONTEXT)
    assert new["spec"]["clusterIPs"] == ["None"]
