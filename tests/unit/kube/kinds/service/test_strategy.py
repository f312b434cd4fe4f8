import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CONTEXT, changed, created, made, said, with_status
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.service import KIND

PORTS = [{"port": 80}]


@pytest.mark.parametrize(
    ("spec", "defaults"),
    [
        (
            {"ports": [{"port": 80}]},
            {
                "type": "ClusterIP",
                "sessionAffinity": "None",
                "internalTrafficPolicy": "Cluster",
                "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            },
        ),
        (
            {"type": "NodePort", "ports": [{"port": 80, "targetPort": "http", "protocol": "UDP"}]},
            {
                "type": "NodePort",
                "sessionAffinity": "None",
                "internalTrafficPolicy": "Cluster",
                "externalTrafficPolicy": "Cluster",
                "ports": [{"port": 80, "targetPort": "http", "protocol": "UDP"}],
            },
        ),
        (
            {"type": "LoadBalancer", "sessionAffinity": "ClientIP"},
            {
                "type": "LoadBalancer",
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
                "internalTrafficPolicy": "Cluster",
                "externalTrafficPolicy": "Cluster",
                "allocateLoadBalancerNodePorts": True,
            },
        ),
        (
            {"type": "ExternalName", "externalName": "db.example"},
            {"type": "ExternalName", "externalName": "db.example", "sessionAffinity": "None"},
        ),
    ],
)
def test_defaults(spec: dict[str, Any], defaults: dict[str, Any]) -> None:
    service: dict[str, Any] = {"metadata": {"name": "a"}, "spec": spec}
    KIND.strategy.default(service)
    assert service["spec"] == defaults
    again = copy.deepcopy(service)
    KIND.strategy.default(again)
    assert again == service


def test_a_new_service_has_no_balancer_and_no_generation() -> None:
    service = made(KIND, spec={"ports": copy.deepcopy(PORTS)})
    assert service["status"] == {"loadBalancer": {}}
    assert "generation" not in service["metadata"]
    assert not KIND.strategy.generation_counts({"spec": 1}, {"spec": 2})


def test_rules_are_applied() -> None:
    assert created(KIND, spec={"ports": copy.deepcopy(PORTS)}) == []
    assert created(KIND, spec={}) == ["spec.ports: Required value"]
    old = made(KIND, spec={"ports": copy.deepcopy(PORTS), "clusterIP": "10.96.0.5"})
    changed_ip = {**old["spec"], "clusterIP": "10.96.0.6"}
    assert changed(KIND, old, spec=changed_ip) == [
        'spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set'
    ]
    assert with_status(KIND, old, loadBalancer={"ingress": [{"hostname": "a"}]}) == [
        "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
    ]


def test_a_service_without_its_address_yet_is_right() -> None:
    """Addresses and ports are given to it between two looks."""
    service = made(KIND, spec={"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": PORTS})
    assert said(KIND.strategy.validate(service, Context(CONTEXT.now))) == []


@pytest.mark.parametrize(
    ("spec", "warnings"),
    [
        ({"clusterIPs": ["None"]}, []),
        (
            {"type": "ClusterIP", "externalName": "a"},
            ['spec.externalName is ignored when spec.type is not "ExternalName"'],
        ),
        (
            {"type": "ExternalName", "externalName": "a", "externalIPs": ["1.2.3.4"]},
            ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
        ),
        (
            {"type": "ClusterIP", "clusterIP": "None", "sessionAffinity": "ClientIP", "externalIPs": ["1.2.3.4"]},
            [
                "spec.externalIPs is ignored for headless services",
                "spec.SessionAffinity is ignored for headless services",
            ],
        ),
        (
            {"type": "NodePort", "externalIPs": ["1.2.3.4"], "sessionAffinity": "None"},
            ["spec.externalIPs is deprecated and may no longer be implemented in some clusters"],
        ),
        (
            {"type": "ClusterIP", "trafficDistribution": "PreferClose"},
            ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
        ),
    ],
)
def test_warnings(spec: dict[str, Any], warnings: list[str]) -> None:
    assert KIND.strategy.warnings({"metadata": {"name": "a"}, "spec": spec}, None) == warnings


def test_odd_addresses_are_warned_of() -> None:
    spec = {"type": "ClusterIP", "externalIPs": ["fd00::0001"]}
    assert KIND.strategy.warnings({"metadata": {}, "spec": spec}, None) == [
        'spec.externalIPs[0]: IPv6 address "fd00::0001" should be in RFC 5952 canonical format ("fd00::1")',
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
    ]


def test_fields_to_select_by() -> None:
    service = made(KIND, spec={"ports": copy.deepcopy(PORTS), "clusterIP": "None"})
    assert KIND.fields(service) == {
        "metadata.name": "a",
        "metadata.namespace": "default",
        "spec.clusterIP": "None",
        "spec.type": "ClusterIP",
    }
