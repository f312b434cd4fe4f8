"""Who may come in, and do what: authentication, impersonation, authorization of a request.

Clients ask much, and one after the other on the same connection: who it was is kept there, with what it was found by.
When the next request brings the same ``Authorization`` (a connection's certificate stays the same), only what may have
changed is looked at: :attr:`wherry.kube.apiserver.model.Identity.holds`. What somebody may is known from the time
before, too, as long as no role and no binding has changed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from aiohttp.hdrs import AUTHORIZATION
from multidict import CIMultiDictProxy

from wherry.kube.apiserver.authn.anonymous import anonymous
from wherry.kube.apiserver.authz.impersonation import impersonated
from wherry.kube.apiserver.authz.texts import forbidden
from wherry.kube.apiserver.model import Attributes, Authenticator, Authorizer, Credentials, Decision, Identity, User
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery import status


class Way(Protocol):
    """What requests come by (:class:`wherry.http.connection.Connection`). ``client`` is for the gate to keep what it
    likes in; None at first."""

    client: Any

    @property
    def certificate(self) -> bytes:
        """The client's; empty without one; always the same."""


class Claims(msgspec.Struct, frozen=True):
    """What a request's head says of who asks. ``headers``: all of it, for one that asks as somebody else."""

    authorization: str
    headers: CIMultiDictProxy[str] | None

    @classmethod
    def of(cls, headers: "CIMultiDictProxy[str]") -> "Claims":
        is_other = "impersonate-" in "\n".join(headers).lower()
        return cls(headers.get(AUTHORIZATION, ""), headers if is_other else None)


class _Client(msgspec.Struct, frozen=True):
    authorization: str
    identity: Identity


class Gate(msgspec.Struct, frozen=True):
    """See the module. ``grants``: whether it is known already that the authorizer allows it."""

    authenticator: Authenticator
    authorizer: Authorizer
    grants: Callable[[User, RequestInfo], bool]

    def user(self, claims: Claims, connection: Way, path: str) -> User:
        """Who asks, or as whom it is asked. Raises StatusError 400, 401, 403."""
        authorization = claims.authorization
        client: _Client | None = connection.client
        if client is not None and client.authorization == authorization and client.identity.holds():
            user = client.identity.user
        else:
            user = self._authenticated(authorization, connection, path)
        if claims.headers is not None:
            return impersonated(claims.headers.items(), user, self.authorizer) or user
        return user

    def _authenticated(self, authorization: str, connection: Way, path: str) -> User:
        token = authorization[7:].strip() if authorization[:7].lower() == "bearer " else ""
        identity = self.authenticator.authenticate(Credentials(token, connection.certificate))
        if identity is not None:
            connection.client = _Client(authorization, identity)
            return identity.user
        user = anonymous(path)
        if user is None:
            raise status.unauthorized()
        return user

    def allow(self, user: User, info: RequestInfo, query: Mapping[str, str]) -> None:
        """Raises StatusError 403."""
        if self.grants(user, info):
            return
        if info.resource:
            asked = Attributes(
                user, info.verb, info.group, info.version, info.resource, info.subresource, info.namespace, info.name,
                label_selector=query.get("labelSelector", ""), field_selector=query.get("fieldSelector", ""),
            )  # fmt: skip
        else:
            asked = Attributes(user, info.verb, path=info.path)
        decision, reason = self.authorizer.authorize(asked)
        if decision is not Decision.ALLOW:
            raise forbidden(asked, reason)
