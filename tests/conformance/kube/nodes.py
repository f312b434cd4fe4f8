"""Nodes that nobody runs, and look as if somebody did: healthy until their controller misses their heartbeats."""

from datetime import UTC, datetime

from tests.conformance.kube import manifests
from tests.conformance.kube.web import Web


def add_node(web: Web, name: str) -> None:
    """Ready, as far as can be told for the next 40 seconds."""
    now = datetime.now(UTC)
    web.post("/api/v1/nodes", manifests.node(name)).ok()
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {
        "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "", "lastHeartbeatTime": stamp,
        "lastTransitionTime": stamp,
    }  # fmt: skip
    room = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    address = {"type": "InternalIP", "address": "192.0.2.7"}
    status = {"conditions": [ready], "capacity": room, "allocatable": room, "addresses": [address]}
    web.patch(f"/api/v1/nodes/{name}/status", {"status": status}).ok()
    lease = {
        "metadata": {"name": name},
        "spec": {
            "holderIdentity": name, "leaseDurationSeconds": 40,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    }  # fmt: skip
    web.post("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", lease).ok()


def remove_node(web: Web, name: str) -> None:
    """With its lease."""
    web.delete(f"/api/v1/nodes/{name}")
    web.delete(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
