"""Networks and endpoints as rows of the engine's database."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network

import msgspec

from wherry.engine.database import Database
from wherry.engine.networks import plan
from wherry.engine.networks.model import Addressing, Attached, Network, Own, Publication

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
    "ALTER TABLE networks ADD COLUMN subnet6 TEXT",
    "CREATE TABLE forwarding_fence6 (links BLOB NOT NULL)",
    "ALTER TABLE networks ADD COLUMN own BLOB",
    """CREATE TABLE members (
        container_id TEXT NOT NULL, network_id TEXT NOT NULL REFERENCES networks (id), document BLOB NOT NULL,
        PRIMARY KEY (container_id, network_id)) WITHOUT ROWID""",
)
_FENCES = {4: "forwarding_fence", 6: "forwarding_fence6"}


class _Own(msgspec.Struct):
    """What is in the row of a network that a user made, besides."""

    own: Own
    options: dict[str, str]
    labels: dict[str, str]


class Rows:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("networks", _STEPS)

    def networks(self) -> Iterator[Network]:
        columns = "id, name, driver, created, subnet, gateway, subnet6, own"
        query = f"SELECT {columns} FROM networks ORDER BY created, name"
        for id_, name, driver, created, subnet, gateway, subnet6, own in self._database.execute(query):
            six = IPv6Network(subnet6) if subnet6 else None
            net = Addressing(IPv4Network(subnet), IPv4Address(gateway), six) if subnet else None
            if own is None:
                yield Network(id_, name, driver, created, net)
            else:
                more = msgspec.json.decode(own, type=_Own)
                yield Network(id_, name, driver, created, net, more.options, more.labels, more.own)

    def put_network(self, network: Network) -> None:
        net = network.addressing
        self._database.execute(
            "INSERT INTO networks (id, name, driver, created, subnet, gateway, subnet6, own)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET subnet = excluded.subnet, gateway = excluded.gateway,"
            " subnet6 = excluded.subnet6",
            network.id,
            network.name,
            network.driver,
            network.created_nanoseconds,
            str(net.subnet) if net else None,
            str(net.gateway) if net else None,
            str(net.subnet6) if net and net.subnet6 else None,
            msgspec.json.encode(_Own(network.own, network.options, network.labels)) if network.own else None,
        )

    def delete_network(self, network_id: str) -> None:
        """Nobody is in it."""
        self._database.execute("DELETE FROM networks WHERE id = ?", network_id)

    def members(self) -> list[Attached]:
        """Of the networks that users made."""
        rows = self._database.execute("SELECT document FROM members")
        return [msgspec.json.decode(row[0], type=Attached) for row in rows]

    def put_member(self, member: Attached) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO members VALUES (?, ?, ?)",
            member.container_id,
            member.endpoint.network_id,
            msgspec.json.encode(member),
        )

    def delete_member(self, member: Attached) -> None:
        self._database.execute(
            "DELETE FROM members WHERE container_id = ? AND network_id = ?",
            member.container_id,
            member.endpoint.network_id,
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
            endpoint = plan.endpoint_of(network, id_, IPv4Address(address), mac, interface)
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

    def fence(self, version: int = 4) -> tuple[str, ...] | None:
        """The links from before Wherry turned forwarding on; None when it has not."""
        rows = self._database.execute(f"SELECT links FROM {_FENCES[version]}")
        return msgspec.json.decode(rows[0][0], type=tuple[str, ...]) if rows else None

    def put_fence(self, links: tuple[str, ...] | None, version: int = 4) -> None:
        table = _FENCES[version]
        with self._database.transaction():
            self._database.execute(f"DELETE FROM {table}")
            if links is not None:
                self._database.execute(f"INSERT INTO {table} VALUES (?)", msgspec.json.encode(links))
