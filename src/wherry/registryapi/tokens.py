"""Bearer tokens: JSON web tokens that a token server signs (distribution docs/spec/auth/token.md, jwt.md).

The registry knows the server's public keys and nothing else of it. A token says which rights on which repositories it
grants (claim ``access``); what a request needs beyond them is answered with the scope to ask the server for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from wherry.kit.errors import Invalid
from wherry.registryapi.access import Access
from wherry.registryapi.errors import Challenged

LEEWAY_SECONDS = 60
"""Between the token server's clock and ours (docker-registry's ``Leeway``)."""

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = ("ES256", "ES384", "ES512")
_EDWARDS = ("EdDSA",)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, its name in a key set (empty: none), and the algorithms that go with its kind.

    The algorithm is never the token's choice alone: a public key must not be taken for an HMAC's secret.
    """

    key: Any  # jwt: any of cryptography's public keys
    name: str
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Authority:
    """The token server: where clients find it, what it calls us, and itself."""

    realm: str
    service: str
    issuer: str


class Tokens:
    """The guard of a token server's tokens."""

    is_open = False

    def __init__(self, authority: Authority, keys: Sequence[Key]) -> None:
        self._authority = authority
        self._keys = keys

    async def admit(self, authorization: str | None, wanted: Sequence[Access]) -> None:
        """See :class:`wherry.registryapi.access.Guard`."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise self._challenged("authentication required", wanted)
        claims = self._claims(token.strip())
        if claims is None:
            raise self._challenged("the token is not valid here", wanted, "invalid_token")
        granted = _granted(claims)
        for access in wanted:
            rights = granted.get((access.kind, access.name), set())
            if "*" not in rights and not rights.issuperset(access.actions):
                raise self._challenged(f"the token does not grant {access}", wanted, "insufficient_scope")

    def _claims(self, token: str) -> dict[str, Any] | None:
        """What a token says, when one of the keys signed it, it is for us, and now is its time."""
        for key in self._candidates(token):
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key.key,
                    algorithms=list(key.algorithms),
                    audience=self._authority.service,
                    issuer=self._authority.issuer,
                    leeway=LEEWAY_SECONDS,
                    options={"require": ["exp", "iss", "aud"]},
                )
            except jwt.PyJWTError:
                continue
            return claims
        return None

    def _candidates(self, token: str) -> Sequence[Key]:
        """The key that the token names; all, when it names none of them."""
        try:
            name = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError:
            return ()
        return [key for key in self._keys if key.name and key.name == name] or self._keys

    def _challenged(self, message: str, wanted: Sequence[Access], error: str = "") -> Challenged:
        parts = [f'realm="{self._authority.realm}"', f'service="{self._authority.service}"']
        parts += [f'scope="{" ".join(str(access) for access in wanted)}"'] if wanted else []
        parts += [f'error="{error}"'] if error else []
        return Challenged(message, f"Bearer {','.join(parts)}")


def _granted(claims: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    granted: dict[tuple[str, str], set[str]] = {}
    entries = claims.get("access")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("actions"), list):
            continue
        rights = granted.setdefault((str(entry.get("type")), str(entry.get("name"))), set())
        rights.update(action for action in entry["actions"] if isinstance(action, str))
    return granted


def load_keys(path: Path) -> Sequence[Key]:
    """Public keys or certificates in PEM, or a JSON web key set (RFC 7517). Raises Invalid."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(f"token key {path}: {error.strerror}") from error
    try:
        keys = _from_set(data) if data.lstrip().startswith(b"{") else _from_pem(data)
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise Invalid(f"token key {path} is neither PEM nor a JSON web key set: {error}") from error
    if not keys:
        raise Invalid(f"token key {path} has no public key in it")
    return keys


def _from_set(data: bytes) -> list[Key]:
    document = json.loads(data)
    entries = document.get("keys", [document])
    parsed = [(jwt.PyJWK.from_dict(entry), entry.get("kid", "")) for entry in entries if entry.get("kty") != "oct"]
    return [_key(each.key, name) for each, name in parsed]


def _from_pem(data: bytes) -> list[Key]:
    if b"BEGIN CERTIFICATE" in data:
        return [_key(each.public_key(), "") for each in x509.load_pem_x509_certificates(data)]
    return [_key(load_pem_public_key(data), "")]


def _key(key: object, name: str) -> Key:
    if isinstance(key, rsa.RSAPublicKey):
        return Key(key, name, _RSA)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return Key(key, name, _CURVES)
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return Key(key, name, _EDWARDS)
    raise ValueError(f"{type(key).__name__} is not a public key to verify tokens with")
