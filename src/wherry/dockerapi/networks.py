"""Networks: list, inspect, remove."""

from typing import Any

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import NetworkEngine
from wherry.engine.networks.model import Network
from wherry.engine.networks.view import network_json

LIST_FILTERS = frozenset(("dangling", "driver", "id", "label", "name", "scope", "type"))
PRUNE_FILTERS = frozenset(("label", "label!", "until"))


class NetworkEndpoints:
    """``/networks``."""

    def __init__(self, networks: NetworkEngine) -> None:
        self._networks = networks

    @endpoint("GET /networks")
    async def list(self, call: Call) -> web.StreamResponse:
        networks = self._networks.list(call.filters(LIST_FILTERS))
        with_containers = call.version < 28  # API version history, 1.28
        return call.json([self._document(network, call.version, with_containers) for network in networks])

    @endpoint("GET /networks/{id}")
    async def inspect(self, call: Call) -> web.StreamResponse:
        network = self._networks.get(call.id)
        return call.json(self._document(network, call.version))

    @endpoint("DELETE /networks/{id}")
    async def remove(self, call: Call) -> web.StreamResponse:
        self._networks.remove(call.id)
        return call.done()

    @endpoint("POST /networks/prune")
    async def prune(self, call: Call) -> web.StreamResponse:
        call.filters(PRUNE_FILTERS)
        return call.json({"NetworksDeleted": None})  # the predefined ones are never pruned, and there are no others

    def _document(self, network: Network, version: int, with_containers: bool = True) -> dict[str, Any]:
        document = network_json(network, self._networks.attached(network) if with_containers else ())
        if version < 47:
            del document["EnableIPv4"]
        return document
