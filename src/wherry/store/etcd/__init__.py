"""A store in etcd (3.4 or later): for a cluster whose state more than one machine keeps.

What it is not: a client of etcd for anything else, or one that trusts etcd's own access control. Connections are
mutual TLS; who has a certificate that etcd accepts may do everything.

In etcd, below the address's prefix: ``data`` and a store's key is the key; ``fence`` is written when nothing else
tells that a watch has seen all (``upstream.py``). Revisions are etcd's own: other users of the same etcd, and fences,
move them too.

aetcd brings the messages, as protobuf has generated them. Its client is not used: it knows no TLS, no ranges of a
revision, and gives events one by one without their commits.
"""

from typing import TYPE_CHECKING

from wherry.store.etcd.address import Address

if TYPE_CHECKING:
    from wherry.store.etcd.store import EtcdStore


async def open_store(address: Address) -> "EtcdStore":
    """Connect. Raises Unavailable: nobody answers there, or does not know us; Unsupported: aetcd is not installed."""
    from wherry.store.etcd.store import EtcdStore  # which needs gRPC

    store = EtcdStore(address)
    try:
        await store.reach_a_member()
    except BaseException:
        await store.aclose()
        raise
    return store


__all__ = ["Address", "open_store"]
