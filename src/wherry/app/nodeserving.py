"""The node's own API (port 10250), from both ends: the node serves it, and the API server finds its way there."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from wherry.engine.instance import Instance
from wherry.kit.errors import Conflict
from wherry.kube.machinery.model import Object
from wherry.kube.pki.directory import read_pair, write_file
from wherry.kube.pki.model import NodeServer

if TYPE_CHECKING:
    from wherry.kube.client.clock import Clock
    from wherry.kube.client.model import Client
    from wherry.node.api.server import KubeletApi
    from wherry.node.pods.runtime import PodRuntime

KUBELET_PORT = 10250
HOST = "127.0.0.1"
"""Only the API server of this machine asks, so nobody else can."""


def server_of(node: str, address: str) -> NodeServer:
    """Who the node is when it is asked."""
    return NodeServer(node, (node, HOST, address))


@asynccontextmanager
async def served(
    instance: Instance, about: tuple[str, Object], runtime: "PodRuntime", client: "Client", clock: "Clock"
) -> AsyncIterator[tuple["KubeletApi", int]]:
    """The API and its port: the usual one for the machine's default instance, if it is free. ``about``: the node's name
    and what it shows of its configuration."""
    from wherry.kube.pki.contexts import serving_context
    from wherry.node.api.access import Access
    from wherry.node.api.server import About, KubeletApi
    from wherry.node.api.usage import ThisMachine

    node, config = about
    keys = instance.cluster / "pki"
    tls = serving_context((keys / "ca.crt").read_text(), read_pair(keys / f"{server_of(node, HOST).file}.pem"))
    access = Access(client, node, clock.monotonic, time.time)
    api = KubeletApi(
        About(node, {**config, "address": HOST}), runtime, access, ThisMachine(str(instance.root), time.time_ns)
    )
    try:
        listener = await api.serve(HOST, KUBELET_PORT if instance.name == "default" else 0, tls)
    except Conflict:
        listener = await api.serve(HOST, 0, tls)
    try:
        write_file(instance.node_address, f"{HOST} {listener.port}\n")
        yield api, listener.port
    finally:
        instance.node_address.unlink(missing_ok=True)
        api.close()
        await listener.stop(1.0)


class OwnNode(Mapping[str, tuple[str, int]]):
    """The instance's node by its name, with host and port as its process wrote them: they change when it restarts."""

    def __init__(self, instance: Instance, node: str) -> None:
        self._instance = instance
        self._node = node

    def __getitem__(self, name: str) -> tuple[str, int]:
        if name != self._node:
            raise KeyError(name)
        try:
            host, port = self._instance.node_address.read_text().split()
        except (OSError, ValueError) as error:
            raise KeyError(name) from error
        return host, int(port)

    def __iter__(self) -> Iterator[str]:
        return iter([self._node] if self._node in self else [])

    def __len__(self) -> int:
        return 1 if self._node in self else 0  # not by list(): it asks for the length
