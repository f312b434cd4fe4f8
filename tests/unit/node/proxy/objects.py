"""API objects for tests of the proxy, with as little in them as matters."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from wherry.engine.networks import plan
from wherry.kube.machinery.model import Object
from wherry.node.proxy.model import Node

POD_NETWORK = IPv4Network("172.30.0.0/24")
GATEWAY = "172.30.0.1"
NODE = Node(
    name="here", table="wherry-lab-services", bridge="wh0", mac=plan.mac_of(IPv4Address(GATEWAY)), ports="wv",
    pod_networks=(POD_NETWORK,), gateways=(GATEWAY,),
)  # fmt: skip
TCP80 = {"name": "http", "protocol": "TCP", "port": 80}


def service(name: str = "web", address: str = "10.96.0.1", ports: Iterable[Object] = (TCP80,), **spec: Any) -> Object:
    """``address`` may be several, by comma. Fields of ``status`` come as ``ingress=``."""
    addresses = [each for each in address.split(",") if each]
    status = {"loadBalancer": {"ingress": spec.pop("ingress", [])}}
    body = {
        "clusterIP": address.split(",")[0],
        "clusterIPs": addresses,
        "selector": {"app": name},
        "ports": list(ports),
    }
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
        "spec": {**body, **spec}, "status": status,
    }  # fmt: skip


def endpoint(address: str, node: str | None = "here", **more: Any) -> Object:
    """``ready``, ``serving`` and ``terminating`` are conditions; ``uid`` the pod's; the rest is the endpoint's own."""
    conditions = {name: more.pop(name) for name in ("ready", "serving", "terminating") if name in more}
    made: Object = {"addresses": [address], "conditions": conditions}
    if node is not None:
        made["nodeName"] = node
    if "uid" in more:
        made["targetRef"] = {"kind": "Pod", "uid": more.pop("uid")}
    return {**made, **more}


def slice_(
    service_name: str,
    endpoints: Iterable[Object],
    port: int = 8080,
    *,
    name: str = "",
    ports: Any = None,
    kind: str = "IPv4",
) -> Object:
    numbers = [{"name": "http", "protocol": "TCP", "port": port}] if ports is None else ports
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": name or f"{service_name}-1", "namespace": "default",
            "labels": {"kubernetes.io/service-name": service_name},
        },
        "addressType": kind, "endpoints": list(endpoints), "ports": numbers,
    }  # fmt: skip


def pod(name: str, address: str = "", *, namespace: str = "default", node: str = "here", **more: Any) -> Object:
    """``labels``, ``phase``, ``uid``; ``ports`` are those of its one container."""
    meta = {
        "name": name,
        "namespace": namespace,
        "uid": more.pop("uid", f"uid-{name}"),
        "labels": more.pop("labels", {}),
    }
    status: Object = {"phase": more.pop("phase", "Running")}
    if address:
        status |= {"podIP": address.split(",")[0], "podIPs": [{"ip": each} for each in address.split(",")]}
    spec = {"nodeName": node, "containers": [{"name": "c", "ports": more.pop("ports", [])}], **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def namespace(name: str = "default", *, ending: bool = False, **labels: str) -> Object:
    meta: Object = {"name": name, "labels": {"kubernetes.io/metadata.name": name, **labels}}
    if ending:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "spec": {}, "status": {}}


def policy(name: str = "p", selector: Object | None = None, *, namespace: str = "default", **spec: Any) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector or {}, **spec},
    }  # fmt: skip


def labelled(**labels: str) -> Object:
    """A label selector."""
    return {"matchLabels": labels}
