"""The real API server on a store in memory, behind TLS, for tests of what talks to it."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from wherry.http.server import serve_tcp
from wherry.kube.apiserver.assembly import LOOPBACK, ApiServer
from wherry.kube.apiserver.authz.bootstrap import defaults
from wherry.kube.apiserver.authz.bootstrap.reconcile import reconcile
from wherry.kube.apiserver.local import LocalClient
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.server import render_error
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.connection import Connection, tls_of
from wherry.kube.client.http import HttpApiClient
from wherry.kube.controllers.bootstrap import Address, ensure, wanted
from wherry.kube.pki import directory
from wherry.kube.pki.contexts import server_context
from wherry.kube.pki.model import ADMIN, Pki, Wanted
from wherry.store.memory import MemoryStore


@dataclass(frozen=True, slots=True)
class Served:
    server: ApiServer
    pki: Pki
    address: str
    local: LocalClient
    client: HttpApiClient

    def connection(self, identity: str = ADMIN.file) -> Connection:
        pair = self.pki.clients[identity]
        return Connection(self.address, tls_of(self.pki.authority_pem, pair.certificate_pem, pair.key_pem))


@contextlib.asynccontextmanager
async def serving(place: Path) -> AsyncIterator[Served]:
    """With what a cluster begins with, and an administrator's client."""
    pki = directory.ensure(place, Wanted(), time.time())
    server = ApiServer(MemoryStore(), Options(pki.signing_keys))
    await server.start()
    local = LocalClient(server.api, server.kinds, server.authorizer, LOOPBACK)
    await ensure(local, wanted(Address("10.96.0.1", "192.0.2.1", 6443), defaults(), reconcile))
    listener = await serve_tcp(server.http.handle, "127.0.0.1", 0, render_error, server_context(pki))
    address = f"https://127.0.0.1:{listener.port}"
    pair = pki.clients[ADMIN.file]
    connection = Connection(address, tls_of(pki.authority_pem, pair.certificate_pem, pair.key_pem))
    try:
        async with HttpApiClient(connection, SystemClock()) as client:
            yield Served(server, pki, address, local, client)
    finally:
        await listener.stop(1.0)
        await server.stop()
