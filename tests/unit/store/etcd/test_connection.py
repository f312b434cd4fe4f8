"""Calls to an etcd, and its errors in the store's words."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests.suites.etcdserver import EtcdServer, needs_etcd, running
from wherry.kit.errors import NotFound, Unavailable
from wherry.store.etcd.connection import Connection, OfRevision
from wherry.store.etcd.messages import etcd

pytestmark = [needs_etcd, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    with running(tmp_path_factory.mktemp("etcd"), "--quota-backend-bytes=5000000") as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def connection(server: EtcdServer) -> AsyncIterator[Connection]:
    connection = Connection(server.address())
    yield connection
    await connection.aclose()


async def test_revisions_that_cannot_be_read(connection: Connection) -> None:
    with pytest.raises(OfRevision) as there:
        await connection.call(connection.kv.Range, etcd().RangeRequest(key=b"a", revision=1000))
    assert there.value.is_future


async def test_a_lease_that_is_not_there(connection: Connection) -> None:
    with pytest.raises(NotFound):
        await connection.call(connection.leases.LeaseRevoke, etcd().LeaseRevokeRequest(ID=7))


async def test_a_stream_ends_with_an_error(connection: Connection) -> None:
    async def nothing() -> AsyncIterator[Any]:
        for request in ():
            yield request

    with pytest.raises(Unavailable, match="ended the connection"):
        async for _ in connection.stream(connection.leases.LeaseKeepAlive, nothing()):
            pass


async def test_a_closed_one_says_so(server: EtcdServer) -> None:
    connection = Connection(server.address())
    await connection.aclose()
    await connection.aclose()
    with pytest.raises(Unavailable, match="closed"):
        await connection.call(connection.kv.Range, etcd().RangeRequest(key=b"a"))


async def test_a_full_etcd_says_what_to_do(connection: Connection) -> None:
    """Its quota (https://etcd.io/docs/v3.4/op-guide/maintenance/#space-quota); reads go on."""
    with pytest.raises(Unavailable, match="compact and defragment"):
        for number in range(100):
            request = etcd().PutRequest(key=b"/full/%d" % number, value=bytes(500_000))
            await connection.call(connection.kv.Put, request)
    response = await connection.call(connection.kv.Range, etcd().RangeRequest(key=b"/full/0"))
    assert len(response.kvs[0].value) == 500_000
