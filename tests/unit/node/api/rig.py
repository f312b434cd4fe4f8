"""An API server and a node's API, joined by TLS over the loopback: all real but the containers."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.node.api.localruntime import LocalRuntime
from wherry.http.server import TcpServer, serve_tcp
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.connecting.connector import NodeConnector
from wherry.kube.apiserver.connecting.nodes import Nodes, Own, node_tls
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.server import render_error
from wherry.kube.apiserver.usage.collecting import Collector, serve
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.connection import Connection
from wherry.kube.client.http import HttpApiClient
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import GroupResource, GroupVersionResource, Object
from wherry.kube.pki.contexts import client_context, server_context, serving_context
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.kubeconfig import Access as KubeAccess
from wherry.kube.pki.kubeconfig import document, text
from wherry.kube.pki.model import (
    KUBELET_CLIENT,
    MASTERS,
    STANDARD,
    SUPER_ADMIN,
    Identity,
    NodeServer,
    Pki,
    Wanted,
    node_identity,
)
from wherry.node.api.access import Access
from wherry.node.api.server import About, KubeletApi
from wherry.node.api.usage import ThisMachine
from wherry.node.pods.lookup import ContainerPlace, PodPlace
from wherry.node.pods.runtime import ContainerSpec, SandboxSpec
from wherry.store.memory import MemoryStore

NODE = "n1"
NODES = GroupVersionResource("", "v1", "nodes")
PODS = GroupVersionResource("", "v1", "pods")
READER = Identity("reader", "reader")
"""Who has no rights but those that a test gives."""
STRANGER = NodeServer("stranger", ("stranger", "127.0.0.1"))


class Pods:
    """A lookup that a test fills."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], PodPlace] = {}

    def places(self) -> Sequence[PodPlace]:
        return list(self.all.values())

    def place(self, namespace: str, name: str, uid: str = "") -> PodPlace | None:
        found = self.all.get((namespace, name))
        return found if found is not None and uid in ("", found.uid) else None


@dataclass
class Rig:
    """``ports``: of the API server and of the node."""

    directory: Path
    pki: Pki
    server: ApiServer
    kubelet: KubeletApi
    runtime: LocalRuntime
    pods: Pods
    connector: NodeConnector
    collector: Collector
    api_port: int = 0
    node_port: int = 0
    listeners: list[TcpServer] = field(default_factory=list)

    def tls(self, file: str = SUPER_ADMIN.file) -> ssl.SSLContext:
        """Of a client with that certificate; empty: with none."""
        context = client_context(self.pki.authority_pem, self.pki.clients[file] if file else None)
        context.check_hostname = False
        return context

    @property
    def kubeconfig(self) -> Path:
        path = self.directory / "kubeconfig"
        if not path.exists():
            pair = self.pki.clients[SUPER_ADMIN.file]
            access = KubeAccess(
                f"https://127.0.0.1:{self.api_port}", self.pki.authority_pem, "rig",
                certificate_pem=pair.certificate_pem, key_pem=pair.key_pem,
            )  # fmt: skip
            path.write_text(text(document(access)))
        return path

    async def pod(
        self, name: str = "p", containers: Sequence[str] = ("c",), node: str = NODE, address: str = "", **more: Any
    ) -> Object:
        """A pod in the API that runs here."""
        spec = {"containers": [{"name": each, "image": "x:1"} for each in containers], "nodeName": node, **more}
        client = self.server.client()
        pod = await client.create(PODS, {"metadata": {"name": name}, "spec": spec}, "default")
        uid = pod["metadata"]["uid"]
        state = {"phase": "Running", "podIPs": [{"ip": address}] if address else []}
        pod = await client.patch(PODS, name, {"status": state}, "default", subresource="status", type=PatchType.MERGE)
        sandbox = await self.runtime.start_sandbox(SandboxSpec(uid, "default", name, name))
        places = {}
        for each in containers:
            id = await self.runtime.create_container(sandbox.id, ContainerSpec(each, "x:1"))
            await self.runtime.start_container(id)
            log = self.directory / f"{name}-{each}" / "container.log"
            log.parent.mkdir()
            places[each] = ContainerPlace(each, id, True, str(log))
        self.pods.all["default", name] = PodPlace(pod, uid, sandbox.id, places)
        return pod

    def log_of(self, name: str = "p", container: str = "c") -> Path:
        return Path(self.pods.all["default", name].containers[container].log)


@asynccontextmanager
async def rig(directory: Path, key: Any, own: Own | None = None) -> AsyncIterator[Rig]:
    """``key``: for service-account tokens."""
    clients = (*STANDARD, node_identity(NODE), READER, Identity(KUBELET_CLIENT.file, KUBELET_CLIENT.user, (MASTERS,)))
    clients = tuple({each.file: each for each in clients}.values())
    nodes = (NodeServer(NODE, (NODE, "127.0.0.1")), STRANGER)
    pki = ensure(directory / "pki", Wanted(clients=clients, nodes=nodes), time.time())
    server = ApiServer(MemoryStore(), Options((key,)))
    await server.start()
    api = await serve_tcp(server.http.handle, "127.0.0.1", 0, render_error, server_context(pki))
    connection = Connection(f"https://127.0.0.1:{api.port}", client_context(pki.authority_pem, pki.clients["node-n1"]))
    clock = SystemClock()
    runtime = LocalRuntime(clock)
    async with HttpApiClient(connection, clock, "kubelet") as client:
        access = Access(client, NODE, time.monotonic, time.time)
        config = {"kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1"}
        kubelet = KubeletApi(About(NODE, config), runtime, access, ThisMachine(str(directory), time.time_ns))
        pods = Pods()
        kubelet.lookup = pods
        node = await kubelet.serve("127.0.0.1", 0, serving_context(pki.authority_pem, pki.nodes[NODE]))
        own = own or Own(api.port, {NODE: ("127.0.0.1", node.port)})
        tls = node_tls(pki.authority_pem, pki.clients[KUBELET_CLIENT.file])
        listers = server.caches
        reaching = Nodes(listers.of(GroupResource("", "nodes")), tls, own)
        connector = NodeConnector(reaching, listers, server.authorizer)
        server.http.connector = connector
        serve(server.kinds)
        collector = Collector(reaching, listers)
        found = Rig(
            directory, pki, server, kubelet, runtime, pods, connector, collector, api.port, node.port, [api, node]
        )
        await _furnish(found)
        try:
            yield found
        finally:
            kubelet.close()
            for listener in found.listeners:
                await listener.stop(0.2)
            await server.stop()


async def _furnish(found: Rig) -> None:
    client = found.server.client()
    for name in ("default", "kube-system"):
        await client.create(GroupVersionResource("", "v1", "namespaces"), {"metadata": {"name": name}})
    accounts = GroupVersionResource("", "v1", "serviceaccounts")
    await client.create(accounts, {"metadata": {"name": "default"}}, "default")
    await client.create(NODES, node_object(NODE, "127.0.0.1", found.node_port))
    from wherry.kube.apiserver.authz.bootstrap import defaults

    for each in defaults():
        if each["kind"].startswith("Cluster"):
            plural = "clusterroles" if each["kind"] == "ClusterRole" else "clusterrolebindings"
            await client.create(GroupVersionResource("rbac.authorization.k8s.io", "v1", plural), each)


def node_object(name: str, address: str, port: int) -> Object:
    status = {
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    return {"metadata": {"name": name}, "spec": {}, "status": status}


async def settled(holds: Any, seconds: float = 60.0) -> None:
    """Until ``holds()``."""
    end = asyncio.get_running_loop().time() + seconds
    for _ in iter(lambda: bool(holds()), True):
        assert asyncio.get_running_loop().time() < end, "it does not come to that"
        await asyncio.sleep(0.01)
