"""Signed tokens (RFC 7515, RFC 7519), ES256 only.

What a token says of its own algorithm is believed only when it is ours: a public key is never taken for a shared
secret, and nothing is never a signature. A key is found by its id; an unknown id is no key.
"""

import base64
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from wherry.kube.apiserver.authn.model import InvalidToken
from wherry.kube.pki.model import SigningKey

ALGORITHM = "ES256"
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
_MAX_LENGTH = 16 * 1024
"""More than headers may have (http)."""


class _Header(msgspec.Struct):
    alg: str = ""
    kid: str = ""
    crit: Any = None
    """Whatever it is, it asks for something that is not done here."""


class _Issuer(msgspec.Struct):
    iss: str = ""


_header_of = msgspec.json.Decoder(_Header).decode
_issuer_of = msgspec.json.Decoder(_Issuer).decode


def issuer_of(token: str) -> str | None:
    """Who says to have made it; nothing is verified. None: it is no such token."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _MAX_LENGTH:
        return None
    try:
        return _issuer_of(_decoded(parts[1])).iss
    except _UNREADABLE:
        return None


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


class KeySet:
    """The keys of the server. The first that can signs; all verify. Loading them loads PyJWT and cryptography."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self.keys = tuple(keys)
        self._by_kid: Mapping[str, SigningKey] = {each.kid: each for each in keys}
        self._public: dict[str, Any] = {}

    def payload(self, token: str) -> bytes:
        """What the token says, once its signature is verified. Raises InvalidToken."""
        try:
            header = _header_of(_decoded(token.partition(".")[0]))
        except _UNREADABLE as error:
            raise InvalidToken("the token's header cannot be read") from error
        if header.alg != ALGORITHM or header.crit is not None:
            raise InvalidToken(f"the token must be signed by {ALGORITHM}")
        key = self._key(header.kid)
        import jwt

        try:
            found: bytes = self._engine.decode(token, key, algorithms=[ALGORITHM])
        except (jwt.PyJWTError, ValueError) as error:
            raise InvalidToken("the token's signature is not ours") from error
        return found

    def sign(self, payload: bytes) -> str:
        """A token that says this, by the first key. Raises InvalidToken when there is none that signs."""
        signing = next((each for each in self.keys if each.private_pem), None)
        if signing is None:
            raise InvalidToken("there is no key to sign tokens by")
        made: str = self._engine.encode(payload, self._private, ALGORITHM, {"kid": signing.kid, "typ": None})
        return made

    def _key(self, kid: str) -> Any:
        found = self._public.get(kid)
        if found is None:
            known = self._by_kid.get(kid)
            if known is None:
                raise InvalidToken("the token is signed by a key that is not ours")
            from cryptography.hazmat.primitives.serialization import load_der_public_key

            found = self._public[kid] = load_der_public_key(known.public_der)
        return found

    @cached_property
    def _private(self) -> Any:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        signing = next(each for each in self.keys if each.private_pem)
        return load_pem_private_key(signing.private_pem.encode(), None)

    @cached_property
    def _engine(self) -> Any:
        """PyJWT's layer of signatures: claims are checked here, in upstream's words."""
        import jwt

        return jwt.PyJWS(algorithms=[ALGORITHM])
