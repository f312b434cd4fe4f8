"""What a service account's token says (k8s.io/kubernetes pkg/serviceaccount/claims.go, legacy.go)."""

import msgspec

from wherry.kube.apiserver.authn.model import InvalidToken

LEEWAY_SECONDS = 60.0
"""By how much clocks may differ, for ``nbf`` and ``iat``. An end is an end: who made the token is who checks it."""


class Reference(msgspec.Struct, omit_defaults=True):
    """An object by name and uid: one of the same name that came later is another."""

    name: str = ""
    uid: str = ""


class Bound(msgspec.Struct, omit_defaults=True):
    """To what a token is bound. ``node`` beside ``pod`` is where the pod was. ``warnafter``: when its holder should
    have had a new one; 0: when it ends."""

    namespace: str = ""
    node: Reference | None = None
    pod: Reference | None = None
    secret: Reference | None = None
    serviceaccount: Reference = msgspec.field(default_factory=Reference)
    warnafter: float = 0


class Claims(msgspec.Struct):
    """Times are seconds since 1970."""

    iss: str
    sub: str
    exp: float
    aud: str | list[str] = ""
    iat: float = 0
    nbf: float = 0
    jti: str = ""
    bound: Bound = msgspec.field(default_factory=Bound, name="kubernetes.io")

    @property
    def audiences(self) -> tuple[str, ...]:
        if isinstance(self.aud, str):
            return (self.aud,) if self.aud else ()
        return tuple(self.aud)


class LegacyClaims(msgspec.Struct):
    """Of the tokens that secrets of type ``kubernetes.io/service-account-token`` hold. They have no end: the secret's
    end is theirs."""

    iss: str
    sub: str
    namespace: str = msgspec.field(name="kubernetes.io/serviceaccount/namespace")
    secret: str = msgspec.field(name="kubernetes.io/serviceaccount/secret.name")
    account: str = msgspec.field(name="kubernetes.io/serviceaccount/service-account.name")
    uid: str = msgspec.field(name="kubernetes.io/serviceaccount/service-account.uid")


_decode = msgspec.json.Decoder(Claims).decode
_decode_legacy = msgspec.json.Decoder(LegacyClaims).decode


def read(payload: bytes) -> Claims:
    """Raises InvalidToken."""
    try:
        return _decode(payload)
    except msgspec.DecodeError as error:
        raise InvalidToken("service account token claims could not be read") from error


def read_legacy(payload: bytes) -> LegacyClaims:
    """Raises InvalidToken."""
    try:
        return _decode_legacy(payload)
    except msgspec.DecodeError as error:
        raise InvalidToken("service account token claims could not be read") from error


def check_times(claims: Claims, now: float) -> None:
    """Raises InvalidToken."""
    if now >= claims.exp:
        raise InvalidToken("service account token has expired")
    if now < begins(claims):
        raise InvalidToken("service account token is not valid yet")


def begins(claims: Claims) -> float:
    """From when on a token is taken, in seconds since 1970."""
    return max(claims.nbf, claims.iat) - LEEWAY_SECONDS


class Issued(msgspec.Struct, frozen=True):
    """A token, and until when it is good, in seconds since 1970."""

    token: str
    expires: float
