"""Nodes that nobody runs, and look as if somebody did: healthy until their controller misses their heartbeats."""

import socket
from datetime import UTC, datetime

from tests.conformance.kube import manifests
from tests.conformance.kube.web import Web

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
KUBELET = 9  # discard: nobody listens there
REFUSED = rf"(dial tcp .*:{KUBELET}: connect: connection refused|address not allowed)"
"""What the server says of a request that the node would have to answer."""


def own_address() -> str:
    """Of this machine; where it has no way out, one that no server goes to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", KUBELET))  # sends nothing
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


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
    address = {"type": "InternalIP", "address": own_address()}
    status = {
        "conditions": [ready], "capacity": room, "allocatable": room, "addresses": [address],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET}},
    }  # fmt: skip
    web.patch(f"/api/v1/nodes/{name}/status", {"status": status}).ok()
    lease = {
        "metadata": {"name": name},
        "spec": {
            "holderIdentity": name, "leaseDurationSeconds": 40,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    }  # fmt: skip
    web.post(LEASES, lease).ok()


def heartbeat(web: Web, name: str) -> None:
    """So that it stays so."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    web.patch(f"{LEASES}/{name}", {"spec": {"renewTime": now}}).ok()


def remove_node(web: Web, name: str) -> None:
    """With its lease."""
    web.delete(f"/api/v1/nodes/{name}")
    web.delete(f"{LEASES}/{name}")
