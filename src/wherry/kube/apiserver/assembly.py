"""The server, put together: from a store and keys to something that answers.

Tests make one on a store in memory, ``control`` one on the disk; both get the same.
"""

import asyncio
from collections.abc import Iterable

from wherry.kube.apiserver.admission.every import Admission, plugins
from wherry.kube.apiserver.admission.plugin import Needs
from wherry.kube.apiserver.api import Api
from wherry.kube.apiserver.aside import Aside
from wherry.kube.apiserver.authn import standard as authn
from wherry.kube.apiserver.authn.jose import KeySet
from wherry.kube.apiserver.authn.tokens import Trust
from wherry.kube.apiserver.authz import standard as authz
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.customkinds import CustomKinds
from wherry.kube.apiserver.discovery import Discovery
from wherry.kube.apiserver.gate import Gate
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.apiserver.live import LiveReads, QuotaCharges
from wherry.kube.apiserver.local import AGENT, LocalClient
from wherry.kube.apiserver.measuring import Measures
from wherry.kube.apiserver.model import MASTERS, User
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.pages import Check
from wherry.kube.apiserver.paths import OpenApi, Pages, pages
from wherry.kube.apiserver.reading import Reads
from wherry.kube.apiserver.reservations import Reservations
from wherry.kube.apiserver.reviewing import add_reviews
from wherry.kube.apiserver.server import HttpApi
from wherry.kube.apiserver.subresources import others, pods, scale
from wherry.kube.apiserver.watching import Watches
from wherry.kube.apiserver.writing import Writes
from wherry.kube.kinds.every import builtin
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.uids import random_uid
from wherry.store.model import Store

LOOPBACK = User("system:apiserver", (MASTERS, "system:authenticated"))
"""The server itself, as its own client (apiserver pkg/authentication/user APIServerUser)."""


class ApiServer:
    """See the module. :meth:`start` must have returned before anything is asked."""

    def __init__(self, store: Store, options: Options, kinds: Iterable[Kind] | None = None) -> None:
        self.store = store
        self.options = options
        self.address = options.address
        """Where clients reach it, as pages say. Whoever listens changes it if it came to be another."""
        self.kinds = Kinds(builtin() if kinds is None else kinds)
        self.caches = Caches(store, self.kinds.of)
        self.custom = CustomKinds(self.kinds, self.caches)
        self.measures = Measures()
        # The store is called etcd whatever it is: so it is asked for.
        self.ready_checks: dict[str, Check] = {"ping": _nothing, "etcd": self._check_store}
        trust = Trust(KeySet(options.signing_keys), (options.issuer,), (options.issuer,))
        self.authentication = authn.standard(trust, self.caches)
        self.authorization = authz.standard(self.caches)
        self.authorizer = self.authorization.authorizer
        self._aside = Aside()
        self.api = self._api()
        self.discovery = Discovery(self.kinds.all)
        documents = OpenApi(self.kinds)
        self.kinds.listeners += [self.discovery.changed, documents.changed, self._count_what_is_served]
        gate = Gate(self.authentication.authenticator, self.authorizer, self.authorization.grants)
        shown = Pages(
            self.discovery, documents, trust.keys, options.issuer, lambda: self.address, self.measures,
            self.ready_checks,
        )  # fmt: skip
        self.http = HttpApi(
            self.api, self.kinds, gate, pages(shown), self.measures, options.clock, self.store.is_local
        )  # fmt: skip

    def _api(self) -> Api:
        options, caches = self.options, self.caches
        live = LiveReads(caches)
        quotas = QuotaCharges(caches)
        needs = Needs(caches, live, quotas, self.authorizer)
        admission = Admission((*plugins(needs, external_ips=options.external_ips), self.authorization.escalation))
        writes = Writes(self.store, caches, admission, Reservations(caches, options.ranges), random_uid, self._aside)
        api = Api(self.kinds, Reads(self.store, caches), writes, Watches(self.store, caches))
        quotas.api = api
        api.add_subresource(scale.subresource(api))
        for each in (*pods.subresources(api, caches), *others.subresources(api, self.authentication.issuer)):
            api.add_subresource(each)
        api.add_review(pods.BINDINGS, pods.bindings(api))
        add_reviews(api, self.authentication.tokens, self.authorizer, self.authorization.rbac)
        return api

    def _count_what_is_served(self) -> None:
        self.measures.keep(self.kinds.served)

    async def start(self) -> None:
        """Read the state."""
        await self.caches.start()
        self.custom.start()

    async def stop(self) -> None:
        """Let go of the store's watch; the store is its owner's."""
        await self.caches.stop()
        self._aside.close()

    def client(self, user: User = LOOPBACK, agent: str = AGENT) -> LocalClient:
        """A client in this process. ``agent``: see there."""
        return LocalClient(self.api, self.kinds, self.authorizer, user, self.options.clock, agent)

    async def _check_store(self) -> None:
        async with asyncio.timeout(5):
            await self.store.revision()


async def _nothing() -> None:
    return None
