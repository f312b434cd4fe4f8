"""The cluster's process, wired: store, keys, API server, controllers."""

import asyncio
import logging
import os
import socket
import time
from pathlib import Path

from wherry.app import controlling
from wherry.app.config import Settings
from wherry.app.names import (
    ELSEWHERE,
    KEYS,
    STATE,
    dns_address,
    endpoint_address,
    is_dual,
    node_name,
    own_address,
    service_networks,
)
from wherry.app.nodeserving import OwnNode, server_of
from wherry.app.rights import NODE_SERVICES
from wherry.app.scheduling import scheduling
from wherry.engine.instance import Instance
from wherry.http.server import TcpServer, serve_tcp
from wherry.kit.errors import Conflict, Invalid
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.connecting.connector import NodeConnector
from wherry.kube.apiserver.connecting.nodes import NODES, Nodes, Own, node_tls
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.server import render_error
from wherry.kube.apiserver.usage import collecting as usage
from wherry.kube.controllers.bootstrap import Address
from wherry.kube.kinds.service.allocation import Ranges
from wherry.kube.pki.contexts import load, server_context
from wherry.kube.pki.directory import ensure, write_file
from wherry.kube.pki.kubeconfig import Access, document, text
from wherry.kube.pki.model import ADMIN, KUBELET_CLIENT, STANDARD, Pki, Wanted, node_identity
from wherry.store.compaction import compact_for_ever
from wherry.store.model import Store

log = logging.getLogger("wherry.cluster")
DEFAULT_PORT = 6443
_DAY_SECONDS = 86400.0


class Cluster:
    """Made by :meth:`start`; answers until :meth:`stop`."""

    def __init__(self, settings: Settings, store: Store, server: ApiServer, pki: Pki) -> None:
        self._settings = settings
        self._instance = settings.instance
        self._store = store
        self._server = server
        self._pki = pki
        self._scheduling = scheduling(settings.scheduler_config)
        self._listener: TcpServer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.address = ""

    @property
    def kubeconfig(self) -> Path:
        return self._instance.kubeconfig

    @classmethod
    async def start(cls, settings: Settings) -> "Cluster":
        """Raises Conflict, Forbidden or Invalid when it cannot be started as it is told."""
        instance = settings.instance
        instance.cluster.mkdir(mode=0o700, parents=True, exist_ok=True)
        host, port = _where(settings)
        ranges = _ranges(settings)
        pki = ensure(instance.cluster / KEYS, _wanted(settings, host, ranges), time.time())
        store = await _store(settings)
        try:
            listener_port = port or _remembered_port(instance)
            reached = f"https://{_url_host(host)}:{listener_port}"
            options = Options(pki.signing_keys, reached, ranges=ranges, external_ips=settings.api_external_ips)
            cluster = cls(settings, store, ApiServer(store, options), pki)
            await cluster._serve(host, port, listener_port)
        except BaseException:
            await store.aclose()
            raise
        return cluster

    async def _serve(self, host: str, port: int, remembered: int) -> None:
        await self._server.start()
        context = server_context(self._pki)
        http = self._server.http
        try:
            listener = await serve_tcp(http.handle, host, remembered, render_error, context, http.direct)
        except Conflict:
            if port:
                raise
            listener = await serve_tcp(http.handle, host, 0, render_error, context, http.direct)
        self._listener = listener
        self.address = self._server.address = f"https://{_url_host(host)}:{listener.port}"
        if not port:
            write_file(self._instance.cluster / "port", f"{listener.port}\n")
        nodes = self._nodes(listener.port)
        self._server.http.connector = NodeConnector(nodes, self._server.caches, self._server.authorizer)
        usage.serve(self._server.kinds)
        self._write_kubeconfig()
        ranges = self._server.options.ranges
        own = Address(str(ranges.networks[0][1]), endpoint_address(host), listener.port, dns_address(self._settings))
        await controlling.begin(self._server, own)
        create_task = asyncio.get_running_loop().create_task
        self._tasks.append(create_task(self._renew(context)))
        self._tasks.append(create_task(compact_for_ever(self._store)))
        self._tasks.append(create_task(usage.Collector(nodes, self._server.caches).run()))
        self._tasks.append(
            create_task(
                controlling.run(self._server, self._pki.authority.path, self._pki.authority_pem, self._scheduling)
            )
        )
        self._instance.run.mkdir(parents=True, exist_ok=True)
        write_file(self._instance.api_address, f"{self.address}\n")

    def _nodes(self, port: int) -> Nodes:
        tls = node_tls(self._pki.authority_pem, self._pki.clients[KUBELET_CLIENT.file])
        name = node_name(self._settings)
        own = Own(port, OwnNode(self._instance, name), restarting=name)
        return Nodes(self._server.caches.of(NODES), tls, own)

    def _write_kubeconfig(self) -> None:
        admin = self._pki.clients[ADMIN.file]
        access = Access(
            self.address,
            self._pki.authority_pem,
            f"wherry-{self._instance.name}",
            certificate_pem=admin.certificate_pem,
            key_pem=admin.key_pem,
        )
        content = text(document(access))
        path = self._instance.kubeconfig
        if not path.exists() or path.read_text() != content:
            write_file(path, content)

    async def _renew(self, context: object) -> None:
        """Certificates that are about to expire are made anew while we run."""
        while True:
            await asyncio.sleep(max(60.0, min(self._pki.renew_at - time.time(), _DAY_SECONDS)))
            if time.time() < self._pki.renew_at:
                continue
            host, _ = _where(self._settings)
            wanted = _wanted(self._settings, host, _ranges(self._settings))
            self._pki = ensure(self._instance.cluster / KEYS, wanted, time.time())
            load(context, self._pki.serving)  # type: ignore[arg-type]  # a context of ssl, not imported for its name
            self._write_kubeconfig()

    async def stop(self) -> None:
        """End what runs, then let go of the store."""
        self._instance.api_address.unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listener is not None:
            await self._listener.stop(2.0)
        await self._server.stop()
        await self._store.aclose()


def _where(settings: Settings) -> tuple[str, int]:
    """Host and port to listen at; 0: a free one, the same each time. Raises Invalid."""
    if not settings.api_listen:
        return "127.0.0.1", DEFAULT_PORT if settings.instance.name == "default" else 0
    host, colon, port = settings.api_listen.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Invalid(f"api.listen: {settings.api_listen!r} is not HOST:PORT")
    return host.strip("[]") or "0.0.0.0", int(port)


def _url_host(host: str) -> str:
    """How clients of this machine reach ``host``."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _remembered_port(instance: Instance) -> int:
    try:
        return int((instance.cluster / "port").read_text())
    except (OSError, ValueError):
        return 0


def _ranges(settings: Settings) -> Ranges:
    """Raises Invalid."""
    try:
        networks = service_networks(settings)
        first, _, last = settings.api_node_ports.partition("-")
        ranges = Ranges(networks, int(first), int(last))
    except ValueError as error:
        raise Invalid(f"api.service_cidr, api.node_ports: {error}") from error
    if not networks or not 0 < ranges.first_port <= ranges.last_port <= 65535:
        raise Invalid("api.service_cidr needs a network, api.node_ports a range such as 30000-32767")
    if networks[0].version == 6 and not is_dual(settings):
        raise Invalid("api.service_cidr begins with IPv6, which pods do not have: set ip_family to dual")
    return ranges


def _wanted(settings: Settings, host: str, ranges: Ranges) -> Wanted:
    names = (*settings.api_names, *([] if host in ("0.0.0.0", "::") else [host]))
    clients = (*STANDARD, node_identity(node_name(settings)), NODE_SERVICES)
    nodes = (server_of(node_name(settings), own_address()),)
    return Wanted(socket.gethostname(), str(ranges.networks[0][1]), names, clients, nodes)


async def _store(settings: Settings) -> Store:
    """Raises Conflict where the cluster's state is not there: its node would end all pods that an empty one has not."""
    path, elsewhere = settings.instance.cluster / STATE, settings.instance.cluster / ELSEWHERE
    if settings.store_address:
        from wherry.store import etcd
        from wherry.store.etcd.address import parse

        if path.exists() and not elsewhere.exists():
            raise Conflict(f"the cluster's state is in {path}: to begin an empty one in etcd, move that away")
        opened = await etcd.open_store(parse(settings.store_address))
        write_file(elsewhere, settings.store_address)
        return opened
    from wherry.store.sqlite import open_store

    if elsewhere.exists():
        raise Conflict(
            f"the cluster's state is in etcd: start it with --store {elsewhere.read_text()!r}; "
            f"to begin an empty one here, remove {elsewhere}"
        )
    store = open_store(path)
    os.chmod(path, 0o600)
    return store
