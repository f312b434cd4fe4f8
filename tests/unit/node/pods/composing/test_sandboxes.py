"""What a pod's containers share."""

from pathlib import Path

import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing import sandboxes
from wherry.node.pods.composing.dns import Resolver
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import PortMapping, SandboxSpec

OPTIONS = Options("n1", Path("/x"), cluster_domain="cluster.local")


def spec(*containers: Object, **more: object) -> SandboxSpec:
    return sandboxes.sandbox_spec(pod("web", *containers, **more), 2, OPTIONS, Resolver())


def test_who_it_is() -> None:
    found = spec()
    assert (found.uid, found.namespace, found.name, found.attempt) == ("uid-web", "default", "web", 2)
    assert (found.hostname, found.domain, found.qos) == ("web", "", "BestEffort")
    assert found.labels["io.kubernetes.pod.uid"] == "uid-web"
    assert found.annotations[sandboxes.GRACE] == "30"


def test_labels_of_the_pod_cannot_say_that_it_is_another() -> None:
    other = pod()
    other["metadata"]["labels"] = {"io.kubernetes.pod.uid": "forged", "app": "web"}
    found = sandboxes.labels(other)
    assert (found["io.kubernetes.pod.uid"], found["app"]) == ("uid-web", "web")


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, ("web", "")),
        ({"hostname": "other"}, ("other", "")),
        ({"subdomain": "sub"}, ("web", "sub.default.svc.cluster.local")),
        ({"subdomain": "sub", "setHostnameAsFQDN": True}, ("web.sub.default.svc.cluster.local", "")),
        ({"hostNetwork": True}, ("n1", "")),
        ({"hostnameOverride": "any.thing", "hostNetwork": True}, ("any.thing", "")),
    ],
)
def test_names(more: Object, wanted: tuple[str, str]) -> None:
    assert sandboxes.names(pod("web", container(), **more), OPTIONS) == wanted


def test_a_long_name_is_cut_to_what_a_host_can_be_called() -> None:
    name, _ = sandboxes.names(pod("a" * 62 + "-b"), OPTIONS)
    assert name == "a" * 62


def test_ports_of_the_node() -> None:
    ports = [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81}]
    udp = {"containerPort": 53, "hostPort": 53, "protocol": "UDP", "hostIP": "192.0.2.1"}
    side = container("side", restartPolicy="Always", ports=[udp])
    found = spec(container(ports=ports), initContainers=[side])
    assert set(found.ports) == {PortMapping(80, 8080), PortMapping(53, 53, "UDP", "192.0.2.1")}
    assert spec(container(ports=ports), hostNetwork=True).ports == ()


def test_aliases_and_sysctls() -> None:
    found = spec(
        container(),
        hostAliases=[{"ip": "10.1.1.1", "hostnames": ["a", "b"]}],
        securityContext={"sysctls": [{"name": "net/ipv4/ip_unprivileged_port_start", "value": "0"}]},
    )
    assert found.hosts == ("10.1.1.1\ta\tb",)
    assert found.sysctls == {"net.ipv4.ip_unprivileged_port_start": "0"}


@pytest.mark.parametrize(
    "more",
    [
        {"hostUsers": False, "hostNetwork": True},
        {},
        {"volumes": [{"name": "v", "hostPath": {"path": "/srv/data"}}]},
        {"volumes": [{"name": "v", "hostPath": {"path": "/developers"}}]},
    ],
)
def test_pods_have_ids_of_their_own(more: Object) -> None:
    assert sandboxes.has_user_namespace(pod("web", container(), **more), OPTIONS)


@pytest.mark.parametrize(
    ("web", "more"),
    [
        (container(), {"hostUsers": True}),
        (container(), {"hostNetwork": True}),
        (container(), {"hostPID": True}),
        (container(), {"hostIPC": True}),
        (container(securityContext={"privileged": True}), {}),
        (container(volumeMounts=[{"name": "v", "mountPath": "/v", "mountPropagation": "Bidirectional"}]), {}),
        (container(), {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
        (container(), {"volumes": [{"name": "v", "hostPath": {"path": "/dev/kvm"}}]}),
        (container(), {"volumes": [{"name": "v", "hostPath": {"path": "/proc/"}}]}),
    ],
)
def test_unless_they_want_what_only_the_hosts_can_have(web: Object, more: Object) -> None:
    assert not sandboxes.has_user_namespace(pod("web", web, **more), OPTIONS)


def test_a_node_can_be_told_otherwise() -> None:
    options = Options("n1", Path("/x"), user_namespaces=False)
    assert not sandboxes.has_user_namespace(pod(), options)
    assert sandboxes.has_user_namespace(pod("web", container(), hostUsers=False), options)
