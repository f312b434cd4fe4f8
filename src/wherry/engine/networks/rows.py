"""Networks and endpoints as rows of the engine's database."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

import msgspec

from wherry.engine.database import Database
from wherry.engine.networks.model import Addressing, Attached, Endpoint, Network, Publication

_STEPS = (
    """CREATE TABLE networks (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, driver TEXT NOT NULL, created INTEGER NOT NULL,
        subnet TEXT, gateway TEXT)""",
    """CREATE TABLE endpoints (
        container_id TEXT PRIMARY KEY, container_name TEXT NOT NULL, endpoint_id TEXT NOT NULL UNIQUE,
        network_id TEXT NOT NULL REFERENCES networks (id), address TEXT NOT NULL, mac TEXT NOT NULL,
        interface TEXT NOT NULL, publications BLOB NOT NULL, UNIQUE (network_id, address))""",
    # One row while Wherry has turned forwarding on: the links that were there before, which it must not join.
    "CREATE TABLE forwarding_fence (links BLOB NOT NULL)",
)


class Rows:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("networks", _STEPS)

    def networks(self) -> Iterator[Network]:
        query = "SELECT id, name, driver, created, subnet, gateway FROM networks ORDER BY created, name"
        for id_, name, driver, created, subnet, gateway in self._database.execute(query):
            net = Addressing(IPv4Network(subnet), IPv4Address(gateway)) if subnet else None
            yield Network(id_, name, driver, created, net)

    def put_network(self, network: Network) -> None:
        net = network.addressing
        self._database.execute(
            "INSERT INTO networks VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET subnet = excluded.subnet, gateway = excluded.gateway",
            network.id,
            network.name,
            network.driver,
            network.created_nanoseconds,
            str(net.subnet) if net else None,
            str(net.gateway) if net else None,
        )

    def endpoints(self, network: Network) -> Iterator[Attached]:
        query = (
            "SELECT container_id, container_name, endpoint_id, address, mac, interface, publications"
            " FROM endpoints WHERE network_id = ?"
        )
        net = network.addressing
        if net is None:
            return
        for container, name, id_, address, mac, interface, publications in self._database.execute(query, network.id):
            endpoint = Endpoint(
                network.id, network.name, id_, address, net.subnet.prefixlen, str(net.gateway), mac, interface
            )
            published = msgspec.json.decode(publications, type=tuple[Publication, ...])
            yield Attached(endpoint, container, name, published)

    def put_endpoint(self, attached: Attached) -> None:
        endpoint = attached.endpoint
        self._database.execute(
            "INSERT OR REPLACE INTO endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            attached.container_id,
            attached.container_name,
            endpoint.endpoint_id,
            endpoint.network_id,
            endpoint.address,
            endpoint.mac,
            endpoint.interface,
            msgspec.json.encode(attached.publications),
        )

    def delete_endpoint(self, container_id: str) -> None:
        self._database.execute("DELETE FROM endpoints WHERE container_id = ?", container_id)

    def fence(self) -> tuple[str, ...] | None:
        """The links from before Wherry turned forwarding on; None when it has not."""
        rows = self._database.execute("SELECT links FROM forwarding_fence")
        return msgspec.json.decode(rows[0][0], type=tuple[str, ...]) if rows else None

    def put_fence(self, links: tuple[str, ...] | None) -> None:
        with self._database.transaction():
            self._database.execute("DELETE FROM forwarding_fence")
            if links is not None:
                self._database.execute("INSERT INTO forwarding_fence VALUES (?)", msgspec.json.encode(links))
