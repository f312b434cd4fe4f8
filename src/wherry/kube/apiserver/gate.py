"""Who may come in, and do what: authentication, impersonation, authorization of a request."""

from collections.abc import Mapping

import msgspec
from multidict import CIMultiDictProxy

from wherry.kube.apiserver.authn.anonymous import anonymous
from wherry.kube.apiserver.authz.impersonation import impersonated
from wherry.kube.apiserver.authz.texts import forbidden
from wherry.kube.apiserver.model import Attributes, Authenticator, Authorizer, Credentials, Decision, User
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery import status


class Gate(msgspec.Struct, frozen=True):
    """See the module."""

    authenticator: Authenticator
    authorizer: Authorizer

    async def user(self, headers: "CIMultiDictProxy[str]", certificate: bytes, path: str) -> User:
        """Who asks, or as whom it is asked. ``certificate`` is TLS's. Raises StatusError 400, 401, 403."""
        authorization = headers.get("Authorization", "")
        token = authorization[7:].strip() if authorization[:7].lower() == "bearer " else ""
        user = await self.authenticator.authenticate(Credentials(token, certificate)) or anonymous(path)
        if user is None:
            raise status.unauthorized()
        for name in headers:
            if name[:12].lower() == "impersonate-":
                return impersonated(headers.items(), user, self.authorizer) or user
        return user

    def allow(self, user: User, info: RequestInfo, query: Mapping[str, str]) -> None:
        """Raises StatusError 403."""
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
