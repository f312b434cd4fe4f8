"""Tokens to join by: secrets of kube-system that are called ``bootstrap-token-ID``
(plugin/pkg/auth/authenticator/token/bootstrap of upstream)."""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable, Sequence

from wherry.kube.apiserver.authn.bound import SECRETS
from wherry.kube.apiserver.authn.model import Verified, completed
from wherry.kube.apiserver.model import Listers, User
from wherry.kube.machinery import times
from wherry.kube.machinery.model import Object

GROUP = "system:bootstrappers"
TYPE = "bootstrap.kubernetes.io/token"
_TOKEN = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
_GROUP = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]")


class BootstrapTokens:
    """A token that is not (or no more) good is as one that never was: whoever guesses learns nothing."""

    def __init__(self, listers: Listers, audiences: Sequence[str] = (), clock: Callable[[], float] = time.time) -> None:
        self._secrets = listers.of(SECRETS)
        self._audiences = tuple(audiences)
        self._clock = clock

    def verify(self, token: str, audiences: Sequence[str] = ()) -> Verified | None:
        """They are for the server, and for nobody else."""
        shape = _TOKEN.fullmatch(token)
        if shape is None:
            return None
        secret = self._secrets.get(f"bootstrap-token-{shape[1]}", "kube-system")
        user = None if secret is None else _user(secret, shape[1], shape[2], self._clock())
        if user is None or (audiences and not set(audiences) & set(self._audiences)):
            return None
        return Verified(user, tuple(each for each in self._audiences if not audiences or each in audiences))


def _user(secret: Object, token_id: str, token_secret: str, now: float) -> User | None:
    if secret.get("type") != TYPE or "deletionTimestamp" in secret["metadata"]:
        return None
    data = {name: _decoded(value) for name, value in (secret.get("data") or {}).items()}
    if not hmac.compare_digest(data.get("token-secret", "").encode(), token_secret.encode()):
        return None
    if data.get("token-id") != token_id or data.get("usage-bootstrap-authentication") != "true":
        return None
    if _has_expired(data.get("expiration", ""), now):
        return None
    groups = {each for each in data.get("auth-extra-groups", "").split(",") if each}
    if not all(_GROUP.fullmatch(each) for each in groups):
        return None
    return completed(User(f"system:bootstrap:{token_id}", tuple(sorted({GROUP, *groups}))))


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _has_expired(expiration: str, now: float) -> bool:
    """What cannot be read has expired."""
    if not expiration:
        return False
    try:
        return times.parse(expiration).timestamp() <= now
    except ValueError:
        return True
