"""Who asks, and whether they may: certificates of the cluster's authority, and the API's word for the rest.

(the kubelet's webhook mode: TokenReview for tokens, SubjectAccessReview for rights)
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from wherry.kit.errors import Forbidden, Unauthenticated, Unavailable
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.der import parse_certificate
from wherry.node.api.attributes import Needed

TOKEN_REVIEWS = GroupVersionResource("authentication.k8s.io", "v1", "tokenreviews")
ACCESS_REVIEWS = GroupVersionResource("authorization.k8s.io", "v1", "subjectaccessreviews")
# As the kubelet's own: authentication.webhook.cacheTTL, authorization.webhook.cache{Authorized,Unauthorized}TTL.
TOKEN_SECONDS, ALLOWED_SECONDS, DENIED_SECONDS = 120.0, 300.0, 30.0
KEPT = 1024
_AUTHENTICATED = "system:authenticated"

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class User:
    """As in authentication.k8s.io UserInfo."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class _Kept(Generic[V]):
    """Answers, as long as they are good; the oldest go when there are too many. Seconds are those of ``clock``."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._values: dict[str, tuple[float, V]] = {}

    def get(self, key: str) -> V | None:
        found = self._values.get(key)
        return found[1] if found is not None and found[0] > self._clock() else None

    def put(self, key: str, value: V, seconds: float) -> None:
        self._values.pop(key, None)
        while len(self._values) >= KEPT:
            del self._values[next(iter(self._values))]
        self._values[key] = self._clock() + seconds, value


class Access:
    """Asks by ``client``, who is the node. ``clock``: seconds that only go forward; ``now``: since 1970."""

    def __init__(self, client: Client, node: str, clock: Callable[[], float], now: Callable[[], float]) -> None:
        self._client = client
        self._node = node
        self._now = now
        self._users: _Kept[User] = _Kept(clock)
        self._decisions: _Kept[bool] = _Kept(clock)

    async def who(self, certificate: bytes, token: str) -> User:
        """``certificate``: verified by TLS, DER, or empty. Raises Unauthenticated, Unavailable."""
        if token:
            return await self._bearer(token)
        if certificate:
            return self._shown(certificate)
        raise Unauthenticated("Unauthorized")

    def _shown(self, certificate: bytes) -> User:
        """A connection may outlive its certificate: the time is looked at each time."""
        try:
            found = parse_certificate(certificate)
        except ValueError as error:
            raise Unauthenticated("Unauthorized") from error
        if not found.common_name or not found.not_before <= self._now() <= found.not_after:
            raise Unauthenticated("Unauthorized")
        return User(found.common_name, (*found.organizations, _AUTHENTICATED), found.uid)

    async def _bearer(self, token: str) -> User:
        key = hashlib.sha256(token.encode()).hexdigest()
        known = self._users.get(key)
        if known is not None:
            return known
        review = await self._ask(TOKEN_REVIEWS, {"kind": "TokenReview", "spec": {"token": token}})
        if review.get("authenticated") is not True:
            raise Unauthenticated("Unauthorized")
        said = review.get("user") or {}
        user = User(
            said.get("username", ""), tuple(said.get("groups") or ()), said.get("uid", ""),
            {name: tuple(values) for name, values in (said.get("extra") or {}).items()},
        )  # fmt: skip
        self._users.put(key, user, TOKEN_SECONDS)
        return user

    async def check(self, user: User, needed: Needed) -> None:
        """Raises Forbidden, Unavailable."""
        for subresource in needed.subresources:
            if await self._may(user, needed.verb, subresource):
                return
        what = " ".join(needed.subresources)
        raise Forbidden(f"Forbidden (user={user.name}, verb={needed.verb}, resource=nodes, subresource(s)=[{what}])")

    async def _may(self, user: User, verb: str, subresource: str) -> bool:
        asked: Object = {
            "user": user.name,
            "groups": list(user.groups),
            "uid": user.uid,
            "extra": {name: list(values) for name, values in user.extra.items()},
            "resourceAttributes": {
                "verb": verb, "version": "v1", "resource": "nodes", "subresource": subresource, "name": self._node,
            },
        }  # fmt: skip
        key = json.dumps(asked, sort_keys=True)
        known = self._decisions.get(key)
        if known is not None:
            return known
        review = await self._ask(ACCESS_REVIEWS, {"kind": "SubjectAccessReview", "spec": asked})
        allowed = review.get("allowed") is True and review.get("denied") is not True
        self._decisions.put(key, allowed, ALLOWED_SECONDS if allowed else DENIED_SECONDS)
        return allowed

    async def _ask(self, resource: GroupVersionResource, obj: Object) -> Object:
        """The answer's status. Raises Unavailable: without an answer nobody may anything."""
        obj = {"apiVersion": f"{resource.group}/{resource.version}", **obj}
        try:
            return (await self._client.create(resource, obj)).get("status") or {}
        except StatusError as error:
            raise Unavailable(f"the API server does not say who may: {error.message}") from error
