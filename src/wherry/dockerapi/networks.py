"""Networks: list and inspect."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import NetworkEngine
from wherry.dockerapi.times import stamp
from wherry.engine.networks.model import Attached, Network

LIST_FILTERS = frozenset(("dangling", "driver", "id", "label", "name", "scope", "type"))
PRUNE_FILTERS = frozenset(("label", "label!", "until"))


class NetworkEndpoints:
    """``/networks``."""

    def __init__(self, networks: NetworkEngine) -> None:
        self._networks = networks

    @endpoint("GET /networks")
    async def list(self, call: Call) -> web.StreamResponse:
        networks = self._networks.list(call.filters(LIST_FILTERS))
        # Without their containers since 1.28 (API version history).
        attached = self._networks.attached if call.version < 28 else lambda network_id: ()
        return call.json([document(network, attached(network.id), call.version) for network in networks])

    @endpoint("GET /networks/{id}")
    async def inspect(self, call: Call) -> web.StreamResponse:
        network = self._networks.get(call.id)
        return call.json(document(network, self._networks.attached(network.id), call.version))

    @endpoint("POST /networks/prune")
    async def prune(self, call: Call) -> web.StreamResponse:
        call.filters(PRUNE_FILTERS)
        return call.json({"NetworksDeleted": None})  # the predefined ones are never pruned, and there are no others


def document(network: Network, attached: Iterable[Attached], version: int) -> dict[str, Any]:
    """Docker's form of a network."""
    addressing = network.addressing
    pools = [{"Subnet": str(addressing.subnet), "Gateway": str(addressing.gateway)}] if addressing else None
    answer: dict[str, Any] = {
        "Name": network.name,
        "Id": network.id,
        "Created": stamp(network.created_nanoseconds),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": pools},
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {entry.container_id: _endpoint(entry) for entry in attached},
        "Options": network.options,
        "Labels": network.labels,
    }
    if version < 47:
        del answer["EnableIPv4"]
    return answer


def _endpoint(entry: Attached) -> dict[str, Any]:
    return {
        "Name": entry.container_name,
        "EndpointID": entry.endpoint.endpoint_id,
        "MacAddress": entry.endpoint.mac,
        "IPv4Address": f"{entry.endpoint.address}/{entry.endpoint.prefix}",
        "IPv6Address": "",
    }
