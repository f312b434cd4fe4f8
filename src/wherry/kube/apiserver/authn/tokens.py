"""Tokens of service accounts."""

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Sequence
from hashlib import sha256

import msgspec

from wherry.kube.apiserver.authn import claims as reading
from wherry.kube.apiserver.authn.accounts import group_names, username
from wherry.kube.apiserver.authn.bound import SECRETS, BoundObjects, Holding, is_deleted
from wherry.kube.apiserver.authn.claims import Bound, Claims, Reference
from wherry.kube.apiserver.authn.jose import KeySet, issuer_of
from wherry.kube.apiserver.authn.model import CREDENTIAL_ID, InvalidToken, Verified, completed
from wherry.kube.apiserver.model import Listers, User
from wherry.kube.apiserver.quoting import quoted_list

LEGACY_ISSUER = "kubernetes/serviceaccount"
_EXTRA = "authentication.kubernetes.io/"
_REMEMBERED_SECONDS = 10.0
"""For how long a signature need not be verified again (k8s.io/apiserver: the token cache's success TTL)."""
_MAX_REMEMBERED = 4096


class Trust(msgspec.Struct, frozen=True):
    """Whose tokens are taken: signed by one of the keys, from the first of the ``issuers`` or another (a cluster that
    changes its issuer goes on taking the old one's), for one of ``audiences``, the server's own names."""

    keys: KeySet
    issuers: tuple[str, ...]
    audiences: tuple[str, ...]


class _Remembered(msgspec.Struct, frozen=True):
    """A token that is good from ``since`` on, and whose signature need not be verified again before ``until``; it does
    not end before that."""

    claims: Claims
    user: User
    since: float
    until: float
    bound: Holding
    clock: Callable[[], float]

    def holds(self) -> bool:
        """See :class:`~wherry.kube.apiserver.model.Identity`."""
        now = self.clock()
        if not self.since <= now < self.until:
            return False
        try:
            self.bound.check(now)
        except InvalidToken:
            return False
        return True


class ServiceAccountTokens:
    """Tokens that name the objects they are bound to. A verified signature is remembered for a moment, the token's
    times and objects are looked at each time."""

    def __init__(self, trust: Trust, listers: Listers, clock: Callable[[], float] = time.time) -> None:
        self._trust = trust
        self._bound = BoundObjects(listers)
        self._clock = clock
        self._remembered: dict[bytes, _Remembered] = {}

    def verify(self, token: str, audiences: Sequence[str] = ()) -> Verified | None:
        """See :class:`~wherry.kube.apiserver.authn.model.TokenAuthenticator`."""
        if not token.isascii():
            return None
        now = self._clock()
        key = sha256(token.encode()).digest()
        found = self._remembered.get(key)
        if found is None or found.until <= now:
            if issuer_of(token) not in self._trust.issuers:
                return None
            found = self._read(token, now)
            self._remember(key, found)
        reading.check_times(found.claims, now)
        matching = _matching(found.claims.audiences, audiences or self._trust.audiences)
        found.bound.check(now)
        return Verified(found.user, matching, found.holds)

    def _read(self, token: str, now: float) -> _Remembered:
        claims = reading.read(self._trust.keys.payload(token))
        if claims.iss not in self._trust.issuers:
            raise InvalidToken("service account token has another issuer")
        bound = claims.bound
        if claims.sub != username(bound.namespace, bound.serviceaccount.name):
            raise InvalidToken("service account token claims another subject than its service account")
        since, until = reading.begins(claims), min(now + _REMEMBERED_SECONDS, claims.exp)
        return _Remembered(claims, _user(bound, claims.jti), since, until, Holding(self._bound, bound), self._clock)

    def _remember(self, key: bytes, found: _Remembered) -> None:
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = found


def _matching(audiences: tuple[str, ...], wanted: Sequence[str]) -> tuple[str, ...]:
    matching = tuple(each for each in wanted if each in audiences)
    if not matching:
        said = f"token audiences {quoted_list(audiences)} is invalid for the target audiences {quoted_list(wanted)}"
        raise InvalidToken(said)
    return matching


def _user(bound: Bound, token_id: str = "") -> User:
    """With what the token is bound to, where programs look for it (KEP-4193)."""
    extra: dict[str, tuple[str, ...]] = {}
    if token_id:
        extra[CREDENTIAL_ID] = (f"JTI={token_id}",)
    for kind, reference in (("pod", bound.pod), ("node", bound.node)):
        if reference is not None:
            extra[f"{_EXTRA}{kind}-name"] = (reference.name,)
            if reference.uid:
                extra[f"{_EXTRA}{kind}-uid"] = (reference.uid,)
    account = bound.serviceaccount
    groups = tuple(group_names(bound.namespace))
    return completed(User(username(bound.namespace, account.name), groups, account.uid, extra))


class LegacyTokens:
    """Tokens that secrets of type ``kubernetes.io/service-account-token`` hold: good as long as the secret does."""

    def __init__(self, trust: Trust, listers: Listers, clock: Callable[[], float] = time.time) -> None:
        self._trust = trust
        self._bound = BoundObjects(listers)
        self._secrets = listers.of(SECRETS)
        self._clock = clock

    def verify(self, token: str, audiences: Sequence[str] = ()) -> Verified | None:
        """They are for the server, and for nobody else."""
        if issuer_of(token) != LEGACY_ISSUER:
            return None
        now = self._clock()
        claims = reading.read_legacy(self._trust.keys.payload(token))
        bound = Bound(claims.namespace, serviceaccount=Reference(claims.account, claims.uid))
        if claims.iss != LEGACY_ISSUER or claims.sub != username(claims.namespace, claims.account):
            raise InvalidToken("service account token claims another subject than its service account")
        self._check_secret(claims.namespace, claims.secret, token, now)
        matching = _matching(self._trust.audiences, audiences or self._trust.audiences)
        self._bound.check(bound, now)
        return Verified(_user(bound), matching)

    def _check_secret(self, namespace: str, name: str, token: str, now: float) -> None:
        secret = self._secrets.get(name, namespace)
        if secret is None or is_deleted(secret, now):
            raise InvalidToken("service account token has been invalidated")
        try:
            held = base64.b64decode((secret.get("data") or {}).get("token", ""), validate=True)
        except binascii.Error:
            held = b""
        if not hmac.compare_digest(held, token.encode()):
            raise InvalidToken("service account token does not match server's copy")
