import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import changed, created, made
from wherry.kube.kinds.service import KIND

P = "spec.ports[0]"
PORT = {"port": 80}
HTTP, HTTPS = {"name": "http", "port": 80}, {"name": "https", "port": 443}


@pytest.mark.parametrize(
    ("ports", "errors"),
    [
        ([PORT], []),
        ([HTTP, HTTPS], []),
        ([], ["spec.ports: Required value"]),
        ([PORT, HTTPS], [f"{P}.name: Required value"]),
        ([HTTP, {**HTTPS, "name": "http"}], ['spec.ports[1].name: Duplicate value: "http"']),
        (
            [{"port": 0}],
            [
                f"{P}.{name}: Invalid value: 0: must be between 1 and 65535, inclusive"
                for name in ("port", "targetPort")
            ],
        ),
        (
            [{"port": 80, "protocol": "ICMP"}],
            [f'{P}.protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
        ),
        (
            [{"port": 80, "targetPort": 70000}],
            [f"{P}.targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
        ),
        (
            [{"port": 80, "targetPort": "http--x"}],
            [f'{P}.targetPort: Invalid value: "http--x": must not contain consecutive hyphens'],
        ),
        ([{"port": 80, "nodePort": 30080}], [f"{P}.nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]),
        (
            [HTTP, {"name": "other", "port": 80}],
            ['spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}'],
        ),
    ],
)
def test_ports(ports: list[dict[str, Any]], errors: list[str]) -> None:
    assert created(KIND, spec={"ports": copy.deepcopy(ports)}) == errors


def test_ports_of_nodes_are_used_once() -> None:
    ports = [{**HTTP, "nodePort": 30080}, {**HTTPS, "nodePort": 30080}]
    assert created(KIND, spec={"type": "NodePort", "ports": ports}) == [
        "spec.ports[1].nodePort: Duplicate value: 30080"
    ]


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"type": "ExternalName", "externalName": "db.example."}, []),
        ({"type": "ExternalName"}, ["spec.externalName: Required value"]),
        (
            {"type": "ExternalName", "externalName": "a", "clusterIP": "10.96.0.5"},
            ["spec.clusterIPs: Forbidden: may not be set for ExternalName services"],
        ),
        ({"type": "ClusterIP", "clusterIP": "None"}, []),
        (
            {"type": "NodePort", "clusterIP": "None"},
            ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
        ),
        (
            {"type": "Magic", "ports": [PORT]},
            [
                'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", '
                '"LoadBalancer", "NodePort"'
            ],
        ),
    ],
)
def test_types(spec: dict[str, Any], errors: list[str]) -> None:
    found = created(KIND, spec=copy.deepcopy({"ports": [], **spec}))
    assert found == errors


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"sessionAffinity": "ClientIP"}, []),
        (
            {"sessionAffinity": "Cookie"},
            ['spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
        ),
        (
            {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}},
            [
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: "
                "must be greater than 0 and less than 86400"
            ],
        ),
        (
            {"externalIPs": ["127.0.0.1"]},
            [
                'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range '
                "(127.0.0.0/8, ::1/128)"
            ],
        ),
        (
            {"externalTrafficPolicy": "Local"},
            ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
        ),
        (
            {"type": "NodePort", "externalTrafficPolicy": "Near"},
            ['spec.externalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"'],
        ),
        (
            {"internalTrafficPolicy": "Near"},
            ['spec.internalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"'],
        ),
        (
            {"type": "NodePort", "healthCheckNodePort": 30099},
            [
                "spec.healthCheckNodePort: Invalid value: 30099: may only be set when `type` is 'LoadBalancer' and "
                "`externalTrafficPolicy` is 'Local'"
            ],
        ),
        (
            {"loadBalancerClass": "a/b"},
            ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            {"allocateLoadBalancerNodePorts": True},
            ["spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            {"loadBalancerSourceRanges": ["10.0.0.0/8"]},
            ["spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            {"trafficDistribution": "Anywhere"},
            [
                'spec.trafficDistribution: Unsupported value: "Anywhere": supported values: "PreferClose", '
                '"PreferSameNode", "PreferSameZone"'
            ],
        ),
    ],
)
def test_other_fields(spec: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, spec=copy.deepcopy({"ports": [PORT], **spec})) == errors


def test_two_annotations_of_one_meaning_agree() -> None:
    annotations = {
        "service.kubernetes.io/topology-aware-hints": "Auto",
        "service.kubernetes.io/topology-mode": "Disabled",
    }
    (error,) = created(KIND, metadata={"annotations": annotations}, spec={"ports": [{"port": 80}]})
    assert error == (
        'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Disabled": must match '
        "annotations[service.kubernetes.io/topology-aware-hints] when both are specified"
    )


def test_the_class_of_a_balancer_stays() -> None:
    old = made(KIND, spec={"type": "LoadBalancer", "loadBalancerClass": "a/b", "ports": [{"port": 80}]})
    assert changed(KIND, old, spec={**old["spec"], "loadBalancerClass": "c/d"}) == [
        'spec.loadBalancerClass: Invalid value: "c/d": may not change once set'
    ]
    assert changed(KIND, old, spec={**old["spec"], "type": "NodePort"}) == []


def test_the_port_of_a_health_check_stays() -> None:
    local = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30099}
    old = made(KIND, spec={**local, "ports": [{"port": 80}]})
    assert changed(KIND, old, spec={**old["spec"], "healthCheckNodePort": 30098}) == [
        "spec.healthCheckNodePort: Forbidden: field is immutable"
    ]
