"""Where nodes are, and that they are who they say (K3)."""

import asyncio
import ssl
import time

import pytest

from tests.unit.kube.apiserver.connecting.backends import backend
from tests.unit.node.api.rig import NODE, Rig, node_object
from wherry.http.exchange import Failed, Target
from wherry.kube.apiserver.connecting.nodes import Nodes, Own, address_of, is_node, node_tls, port_of
from wherry.kube.machinery.model import GroupResource
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.contexts import serving_context
from wherry.kube.pki.der import pem_blocks
from wherry.kube.pki.making import Authority, make_authority
from wherry.kube.pki.model import KUBELET_CLIENT, Identity, NodeServer


def test_the_address_that_is_preferred() -> None:
    node = node_object("a", "192.0.2.1", 10250)
    assert (address_of(node), port_of(node)) == ("192.0.2.1", 10250)
    node["status"]["addresses"] = [
        {"type": "Hostname", "address": "a"}, {"type": "ExternalIP", "address": "203.0.113.1"},
    ]  # fmt: skip
    assert address_of(node) == "203.0.113.1"


def test_a_node_without_an_address_or_an_api() -> None:
    node = node_object("a", "192.0.2.1", 0)
    node["status"]["addresses"] = [{"type": "Hostname", "address": "a"}]
    with pytest.raises(StatusError, match=r"no preferred addresses found; known addresses: \[{Hostname a}\]"):
        address_of(node)
    with pytest.raises(StatusError, match="node a has no API"):
        port_of(node)
    assert port_of({"metadata": {"name": "b"}}) == 10250
    for wrong in (-1, 65536, "10250", None):
        node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] = wrong
        with pytest.raises(StatusError):
            port_of(node)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1"])
def test_addresses_that_a_node_may_not_have(address: str) -> None:
    with pytest.raises(StatusError, match="address not allowed"):
        address_of(node_object("a", address, 10250))


def test_a_certificate_is_of_one_node() -> None:
    authority = Authority(make_authority(time.time()))

    def shown(pem: str) -> bytes:
        return pem_blocks(pem, "CERTIFICATE")[0]

    serving = shown(authority.node_serving(NodeServer("a", ("a",)), time.time()))
    assert is_node(serving, "a") and not is_node(serving, "b")
    assert not is_node(shown(authority.client(Identity("x", "system:node:a", ()), time.time())), "a")
    assert not is_node(b"", "a") and not is_node(b"nonsense", "a")


def nodes_of(rig: Rig, own: Own) -> Nodes:
    tls = node_tls(rig.pki.authority_pem, rig.pki.clients[KUBELET_CLIENT.file])
    return Nodes(rig.server.caches.of(GroupResource("", "nodes")), tls, own)


async def test_a_node_of_ones_own_is_where_one_knows_it(joined: Rig) -> None:
    nodes = nodes_of(joined, Own(0, {NODE: ("127.0.0.1", joined.node_port)}))
    assert nodes.target(NODE).port == joined.node_port
    wire = await nodes.connect(NODE)
    wire.close()
    with pytest.raises(StatusError, match='nodes "unknown" not found'):
        nodes.target("unknown")


async def test_a_node_that_is_started_again_is_waited_for_wherever_it_is_then(joined: Rig) -> None:
    places = {NODE: ("127.0.0.1", 1)}
    nodes = nodes_of(joined, Own(0, places, restarting=NODE, patience_seconds=60))
    connecting = asyncio.create_task(nodes.connect(NODE))
    await asyncio.sleep(0.2)
    assert not connecting.done()
    places[NODE] = ("127.0.0.1", joined.node_port)
    (await connecting).close()


async def test_a_node_that_stays_away_is_waited_for_no_longer(joined: Rig) -> None:
    away = {NODE: ("127.0.0.1", 1)}
    for own in (Own(0, away, patience_seconds=60), Own(0, away, restarting=NODE, patience_seconds=0.01)):
        with pytest.raises(Failed, match="dial tcp"):
            await nodes_of(joined, own).connect(NODE)


async def test_another_node_that_says_it_is_here_is_not_believed(joined: Rig) -> None:
    with pytest.raises(StatusError, match="address not allowed"):
        nodes_of(joined, Own()).target(NODE)


def serving(rig: Rig, pem_file: str) -> ssl.SSLContext:
    pair = {"n1": rig.pki.nodes["n1"], "stranger": rig.pki.nodes["stranger"], "api": rig.pki.serving}[pem_file]
    return serving_context(rig.pki.authority_pem, pair)


@pytest.mark.parametrize("who", ["stranger", "api"])
async def test_who_answers_with_another_name_is_asked_nothing(joined: Rig, who: str) -> None:
    async with backend(serving(joined, who)) as other:
        nodes = nodes_of(joined, Own(0, {NODE: ("127.0.0.1", other.port)}))
        with pytest.raises(Failed, match="is not node n1"):
            await nodes.connect(NODE)
        assert other.asked == []


async def test_the_api_server_is_no_node_whatever_its_address_is_called(joined: Rig) -> None:
    nodes = nodes_of(joined, Own(joined.api_port))
    target = Target("127.0.0.1", joined.api_port, nodes._tls)
    with pytest.raises(Failed, match="the address of the API server"):
        await nodes.connect(NODE, target)


async def test_a_certificate_of_another_authority_is_refused(joined: Rig, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "other.pem"
    path.write_text(Authority(make_authority(time.time())).node_serving(NodeServer(NODE, (NODE,)), time.time()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    async with backend(context) as other:
        nodes = nodes_of(joined, Own(0, {NODE: ("127.0.0.1", other.port)}))
        with pytest.raises(Failed, match="tls"):
            await nodes.connect(NODE)
        assert other.asked == []
