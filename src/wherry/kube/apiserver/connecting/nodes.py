"""Where a node is, and whether it is that one."""

import asyncio
import ssl
from collections.abc import Mapping

import msgspec

from wherry.http.duplex import Wire
from wherry.http.exchange import Failed, Target, connect
from wherry.kube.apiserver.connecting.addresses import allowed
from wherry.kube.apiserver.model import Lister
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.pki.contexts import client_context
from wherry.kube.pki.der import parse_certificate
from wherry.kube.pki.model import Pair

NODES = GroupResource("", "nodes")
PREFERRED = ("InternalIP", "ExternalIP")
"""Types of addresses, the first is tried first. Names are not resolved: who answers for a name can change his mind
between the check and the use."""
KUBELET_PORT = 10250
_GROUP = "system:nodes"
_AGAIN_SECONDS = 0.1


class Unreachable(Failed):
    """There is no way to the node."""


class Own(msgspec.Struct, frozen=True):
    """What the server knows of itself. ``port``: where it listens. ``nodes``: the nodes of its own instance, by name,
    with host and port; whatever their objects say, they are there. ``restarting``: the node that is started again when
    it ends, and is waited for so long when it refuses."""

    port: int = 0
    nodes: Mapping[str, tuple[str, int]] = msgspec.field(default_factory=dict)
    restarting: str = ""
    patience_seconds: float = 5.0


class Nodes:
    """``tls`` shows the server's certificate for nodes and verifies theirs; it must not check names."""

    def __init__(self, nodes: Lister, tls: ssl.SSLContext, own: Own) -> None:
        self._nodes = nodes
        self._tls = tls
        self._own = own

    def target(self, name: str) -> Target:
        """Raises StatusError 404 for a node that is not there, 400 for one at an address that is not allowed."""
        node = self._nodes.get(name)
        if node is None:
            raise status.not_found(NODES, name)
        known = self._own.nodes.get(name)
        if known is not None:
            return Target(*known, self._tls)
        return Target(address_of(node), port_of(node), self._tls)

    async def connect(self, name: str, target: Target | None = None) -> Wire:
        """A connection to the node of that name, and to no other. Raises StatusError as :meth:`target`, Failed."""
        wire = await self._reached(name, target or self.target(name))
        try:
            self._check(name, wire)
        except BaseException:
            wire.abort()
            raise
        return wire

    async def _reached(self, name: str, target: Target) -> Wire:
        """Where it is may be another place when it has been started again."""
        clock = asyncio.get_running_loop().time
        end = clock() + (self._own.patience_seconds if name == self._own.restarting else 0.0)
        while True:
            try:
                return await connect(target)
            except Failed as error:
                if not isinstance(error.__cause__, ConnectionRefusedError) or clock() >= end:
                    raise
            await asyncio.sleep(_AGAIN_SECONDS)
            target = self.target(name)

    def _check(self, name: str, wire: Wire) -> None:
        peer, port = wire.address("peername")
        if name not in self._own.nodes and (peer, port) == (wire.address("sockname")[0], self._own.port):
            raise Unreachable(f"node {name} says that it is at the address of the API server")
        if not is_node(wire.peer_certificate(), name):
            raise Unreachable(f"tls: who answers at {peer}:{port} is not node {name}")


def node_tls(authority_pem: str, pair: Pair) -> ssl.SSLContext:
    """For :class:`Nodes`: ``pair`` is who the server is to nodes. Names are not checked here: see :func:`is_node`."""
    context = client_context(authority_pem, pair)
    context.check_hostname = False
    return context


def is_node(certificate: bytes, name: str) -> bool:
    """Whether a verified certificate (DER) is that node's (certificates.k8s.io kubelet-serving: its subject)."""
    try:
        found = parse_certificate(certificate)
    except ValueError:
        return False
    return found.common_name == f"system:node:{name}" and _GROUP in found.organizations


def address_of(node: Object) -> str:
    """The address that is preferred. Raises StatusError 400 for one that is not allowed, 500 when there is none."""
    addresses = (node.get("status") or {}).get("addresses") or ()
    for wanted in PREFERRED:
        for each in addresses:
            if each.get("type") == wanted:
                return allowed(each.get("address", ""))
    known = [f"{{{each.get('type', '')} {each.get('address', '')}}}" for each in addresses]
    raise status.internal_error(f"no preferred addresses found; known addresses: [{' '.join(known)}]")


def port_of(node: Object) -> int:
    """Of its API; 0 in the object: it has none. Raises StatusError 503 for that."""
    endpoint = ((node.get("status") or {}).get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
    port = endpoint.get("Port", KUBELET_PORT)
    if not isinstance(port, int) or not 0 < port < 65536:
        raise status.unavailable(f"node {node['metadata']['name']} has no API: it says that its port is {port}")
    return port
