"""Addresses and ports that services hold, each by one service only.

What is held is in the store under a key of its own, written by the same commit as the service: whoever asks for the
same at the same moment does not get it. An address is an IPAddress object, as upstream; a node port is a record that no
API shows.
"""

import secrets
from collections.abc import Iterable, Iterator
from ipaddress import ip_network

import msgspec
from msgspec.structs import replace

from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.held import ADDRESSES, PORTS, SERVICES, Held
from wherry.kube.apiserver.stored import key_of, value_of
from wherry.kube.kinds.model import Kind
from wherry.kube.kinds.service.allocation import Change, Ranges, allocate, changes
from wherry.kube.kinds.servicecidr.facts import is_ready
from wherry.kube.machinery.model import GroupResource, Object
from wherry.store.model import Compare, Delete, Operation, Put

NETWORKS = GroupResource("networking.k8s.io", "servicecidrs")


class Reserved(msgspec.Struct, frozen=True):
    """What a commit must ask and do besides."""

    compares: tuple[Compare, ...] = ()
    operations: tuple[Operation, ...] = ()


NOTHING = Reserved()


class Reservations:
    """See the module."""

    def __init__(self, caches: Caches, ranges: Ranges) -> None:
        self._networks = caches.of(NETWORKS)
        self._networks_revision = -1
        self._ranges = ranges
        self._held = Held(caches)

    def of(self, kind: Kind, new: Object | None, old: Object | None) -> Reserved:
        """Give ``new`` what it lacks, in place; ``None`` for an object that is not there (yet, or any more).

        Raises StatusError for what another holds, and when there is nothing left."""
        if kind.resource != SERVICES:
            return NOTHING
        if new is None:
            return self._reserved(changes(None, old), old or {})
        self._held.refresh()
        change = allocate(new, old, self._held, self._held, secrets.randbelow, self._current())
        return self._reserved(change, new)

    def _current(self) -> Ranges:
        """With the ServiceCIDRs that are ready: addresses are given out of them, too (KEP-1880)."""
        if self._networks.revision != self._networks_revision:
            self._networks_revision = self._networks.revision
            ready = [found["spec"]["cidrs"] for found in self._networks.list() if is_ready(found)]
            more = tuple(ip_network(each) for cidrs in ready for each in cidrs)
            self._ranges = replace(self._ranges, more=more)
        return self._ranges

    def _reserved(self, change: Change, service: Object) -> Reserved:
        taken = list(_keys(change.taken_ips, change.taken_ports))
        released = list(_keys(change.released_ips, change.released_ports))
        puts = [Put(key, value_of(_record(resource, name, service))) for key, resource, name in taken]
        deletes = [Delete(key) for key, _, _ in released]
        return Reserved(tuple(Compare(key, 0) for key, _, _ in taken), (*puts, *deletes))


def _keys(ips: Iterable[str], ports: Iterable[int]) -> Iterator[tuple[str, GroupResource, str]]:
    for resource, names in ((ADDRESSES, ips), (PORTS, map(str, ports))):
        for name in names:
            yield key_of(resource, "", name), resource, name


def _record(resource: GroupResource, name: str, service: Object) -> Object:
    metadata = service["metadata"]
    called = metadata.get("name", "")  # without a name it is refused, when it is validated
    parent = {"resource": "services", "namespace": metadata.get("namespace", ""), "name": called}
    labels = {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}
    is_address = resource == ADDRESSES
    if is_address:
        labels["ipaddress.kubernetes.io/ip-family"] = "IPv6" if ":" in name else "IPv4"
    return {
        "apiVersion": "networking.k8s.io/v1" if is_address else "wherry.dev/v1",
        "kind": "IPAddress" if is_address else "NodePort",
        "metadata": {
            "name": name,
            "uid": f"{metadata['uid']}-{name}",
            "creationTimestamp": metadata["creationTimestamp"],
            "labels": labels,
        },
        "spec": {"parentRef": parent},
    }
