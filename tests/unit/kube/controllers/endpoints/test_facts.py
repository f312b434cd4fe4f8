"""What a pod is to a service."""

from typing import Any

import pytest

from wherry.kube.controllers.endpoints.facts import Port, endpoints, ports_of, zones_of
from wherry.kube.machinery.model import Object


def service(**spec: Any) -> Object:
    return {"metadata": {"name": "web", "namespace": "default"}, "spec": {"ports": [{"port": 80}], **spec}}


def pod(name: str = "p", ready: bool = True, **more: Any) -> Object:
    container = {"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}
    status = {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}
    status["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
    found: Object = {
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"containers": [container], "nodeName": "n1"},
        "status": status,
    }
    for part, values in more.items():
        found[part].update(values)
    return found


def test_an_address_of_the_family_that_is_asked_for() -> None:
    assert [each.address for each in endpoints(service(), [pod()], {}, "IPv4")] == ["10.0.0.1"]
    assert [each.address for each in endpoints(service(), [pod()], {}, "IPv6")] == ["fd00::1"]


@pytest.mark.parametrize("status", [{"phase": "Succeeded"}, {"phase": "Failed"}, {"podIP": "", "podIPs": []}])
def test_who_has_ended_or_has_no_address_is_not_there(status: Object) -> None:
    assert endpoints(service(), [pod(status=status)], {}, "IPv4") == []


@pytest.mark.parametrize(
    ("ready", "ending", "publish", "expected"),
    [
        (True, False, False, (True, True, False)),
        (False, False, False, (False, False, False)),
        (True, True, False, (False, True, True)),
        (False, False, True, (True, False, False)),
        (False, True, True, (True, False, True)),
    ],
)
def test_readiness(ready: bool, ending: bool, publish: bool, expected: tuple[bool, bool, bool]) -> None:
    meta = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if ending else {}
    (found,) = endpoints(service(publishNotReadyAddresses=publish), [pod(ready=ready, metadata=meta)], {}, "IPv4")
    assert (found.ready, found.serving, found.terminating) == expected


def test_a_named_port_is_looked_up_in_the_pod() -> None:
    wanted = service(
        ports=[{"name": "a", "port": 80, "targetPort": "http"}, {"name": "b", "port": 1, "targetPort": "x"}]
    )
    assert ports_of(wanted, pod()) == (Port("a", 8080, "TCP"),)


def test_a_pod_with_a_host_name_in_the_service_s_subdomain_keeps_it() -> None:
    (found,) = endpoints(service(), [pod(spec={"hostname": "h", "subdomain": "web"})], {}, "IPv4")
    assert found.hostname == "h"
    (found,) = endpoints(service(), [pod(spec={"hostname": "h", "subdomain": "other"})], {}, "IPv4")
    assert found.hostname == ""


def test_the_zone_is_the_node_s() -> None:
    nodes = [{"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "z"}}}, {"metadata": {"name": "n2"}}]
    (found,) = endpoints(service(), [pod()], zones_of(nodes), "IPv4")
    assert (found.node, found.zone) == ("n1", "z")
