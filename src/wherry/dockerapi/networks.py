"""Networks: list, inspect, create, remove, and who is on them."""

from typing import Any

import msgspec
from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import NetworkEngine, NetworkMembers
from wherry.engine.containers.model import EndpointSettings
from wherry.engine.networks.asked import Asked, Pool
from wherry.engine.networks.model import Network
from wherry.engine.networks.view import network_json
from wherry.kit.errors import Invalid, NotFound, Unsupported

LIST_FILTERS = frozenset(("dangling", "driver", "id", "label", "name", "scope", "type"))
PRUNE_FILTERS = frozenset(("label", "label!", "until"))


class IpamPool(msgspec.Struct):
    """One range of addresses."""

    Subnet: str = ""
    IPRange: str = ""
    Gateway: str = ""
    AuxiliaryAddresses: dict[str, str] | None = None
    AuxAddress: dict[str, str] | None = None


class Ipam(msgspec.Struct):
    """Who hands addresses out, and which."""

    Driver: str = ""
    Config: list[IpamPool] | None = None
    Options: dict[str, str] | None = None


class NetworkCreate(msgspec.Struct):
    """The body of ``POST /networks/create``."""

    Name: str = ""
    Driver: str = ""
    Scope: str = ""
    Internal: bool = False
    Attachable: bool = False
    Ingress: bool = False
    ConfigOnly: bool = False
    ConfigFrom: dict[str, str] | None = None
    EnableIPv4: bool | None = None
    EnableIPv6: bool | None = None
    IPAM: Ipam | None = None
    Options: dict[str, str] | None = None
    Labels: dict[str, str] | None = None


class Connect(msgspec.Struct):
    """The body of ``POST /networks/{id}/connect``."""

    Container: str = ""
    EndpointConfig: EndpointSettings | None = None


class Disconnect(msgspec.Struct):
    """The body of ``POST /networks/{id}/disconnect``."""

    Container: str = ""
    Force: bool = False


class NetworkEndpoints:
    """``/networks``."""

    def __init__(self, networks: NetworkEngine, members: NetworkMembers) -> None:
        self._networks = networks
        self._members = members

    @endpoint("GET /networks")
    async def list(self, call: Call) -> web.StreamResponse:
        networks = self._networks.list(call.filters(LIST_FILTERS))
        with_containers = call.version < 28  # API version history, 1.28
        return call.json([self._document(network, call.version, with_containers) for network in networks])

    @endpoint("POST /networks/create")
    async def create(self, call: Call) -> web.StreamResponse:
        network = self._networks.create(asked(await call.body(NetworkCreate)))
        return call.json({"Id": network.id, "Warning": ""}, status=201)

    @endpoint("GET /networks/{id}")
    async def inspect(self, call: Call) -> web.StreamResponse:
        network = self._networks.get(call.id)
        return call.json(self._document(network, call.version))

    @endpoint("DELETE /networks/{id}")
    async def remove(self, call: Call) -> web.StreamResponse:
        self._networks.remove(call.id)
        return call.done()

    @endpoint("POST /networks/{id}/connect")
    async def connect(self, call: Call) -> web.StreamResponse:
        body = await call.body(Connect)
        await self._members.connect(call.id, body.Container, body.EndpointConfig or EndpointSettings())
        return call.done(200)

    @endpoint("POST /networks/{id}/disconnect")
    async def disconnect(self, call: Call) -> web.StreamResponse:
        body = await call.body(Disconnect)
        try:
            await self._members.disconnect(call.id, body.Container)
        except NotFound:
            self._networks.get(call.id)
            if not body.Force:
                raise
        return call.done(200)

    @endpoint("POST /networks/prune")
    async def prune(self, call: Call) -> web.StreamResponse:
        return call.json({"NetworksDeleted": self._networks.prune(call.filters(PRUNE_FILTERS)) or None})

    def _document(self, network: Network, version: int, with_containers: bool = True) -> dict[str, Any]:
        document = network_json(network, self._networks.attached(network) if with_containers else ())
        if version < 47:
            del document["EnableIPv4"]
        return document


def asked(body: NetworkCreate) -> Asked:
    """In the engine's terms. Unsupported and Invalid."""
    if body.ConfigOnly or body.Ingress or (body.ConfigFrom or {}).get("Network"):
        raise Unsupported("networks of a swarm are not available in this version of Wherry")
    if body.EnableIPv4 is False:
        raise Unsupported("networks without IPv4 are not available in this version of Wherry")
    ipam = body.IPAM or Ipam()
    if ipam.Driver not in ("", "default"):
        raise Unsupported(f"the address driver {ipam.Driver} is not available in this version of Wherry")
    if body.Scope not in ("", "local"):
        raise Invalid(f"invalid network scope: {body.Scope}")
    pools = [
        Pool(one.Subnet, one.IPRange, one.Gateway, one.AuxiliaryAddresses or one.AuxAddress or {})
        for one in ipam.Config or ()
    ]
    return Asked(
        body.Name,
        body.Driver or "bridge",
        pools,
        body.Options or {},
        body.Labels or {},
        body.Internal,
        body.Attachable,
        bool(body.EnableIPv6),
    )
