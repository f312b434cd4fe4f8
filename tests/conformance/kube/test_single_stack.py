"""A cluster of one address family, which is the default, asked for two."""

import json
import socket
from typing import Any

import pytest

from tests.conformance.kube.whole import IMAGE, Commands
from tests.ports import quiet_port


def service(name: str, **spec: Any) -> str:
    body = {"selector": {"app": "web"}, "ports": [{"port": 80}], **spec}
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": body})


def test_two_families_are_refused_where_there_is_one(inside: Commands) -> None:
    why = inside.fails("apply", "-f", "-", stdin=service("both", ipFamilyPolicy="RequireDualStack"))
    assert (
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack' in why
    )
    why = inside.fails("apply", "-f", "-", stdin=service("six", ipFamilies=["IPv6"]))
    assert 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster' in why


def test_who_would_like_two_gets_one(inside: Commands) -> None:
    inside.apply(service("either", ipFamilyPolicy="PreferDualStack"))
    found = inside.json("service", "either")["spec"]
    assert (found["ipFamilies"], found["ipFamilyPolicy"]) == (["IPv4"], "PreferDualStack")
    assert len(found["clusterIPs"]) == 1


def test_node_and_pods_have_ipv4_alone(inside: Commands) -> None:
    node = inside.json("nodes")["items"][0]
    assert node["spec"]["podCIDRs"] == [node["spec"]["podCIDR"]]
    networks = inside.json("servicecidr", "kubernetes")
    assert networks["spec"]["cidrs"] == ["10.96.0.0/12"]
    assert [each["type"] for each in networks["status"]["conditions"]] == ["Ready"]
    inside("run", "one", "--image=demo:1", "--command", "--", "sleep", "1000")
    inside("wait", "--for=condition=Ready", "pod/one", "--timeout=100s")
    status = inside.json("pod", "one")["status"]
    assert (len(status["podIPs"]), len(status["hostIPs"])) == (1, 1)
    assert inside("exec", "one", "--", "cat", "/proc/sys/net/ipv6/conf/eth0/disable_ipv6") == "1\n"


def test_a_host_port_is_of_the_family_that_pods_have(inside: Commands) -> None:
    """What came by the other one would be the node's own to every policy."""
    port = quiet_port()
    ports = [{"containerPort": 8080, "hostPort": port}]
    container = {"name": "c", "image": IMAGE, "command": ["sleep", "1000"], "ports": ports}
    inside.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {"containers": [container]}})
    inside("wait", "--for=condition=Ready", "pod/one", "--timeout=100s")
    with socket.create_server(("::1", port), family=socket.AF_INET6):
        pass  # nobody else has it
    with pytest.raises(OSError):
        socket.create_server(("127.0.0.1", port))
