"""Users' credentials for registries, as clients send them: base64url of JSON in a header (moby api/types/registry)."""

import base64
import binascii
from typing import Any, TypeVar

import msgspec

from wherry.engine.distribution.model import ANONYMOUS, Credentials
from wherry.kit.errors import Invalid

AUTH, CONFIG = "X-Registry-Auth", "X-Registry-Config"
_LIMIT_BYTES = 64 << 10

T = TypeVar("T")


class AuthConfig(msgspec.Struct, frozen=True, kw_only=True, rename="lower"):
    """``auth`` is base64 of ``username:password``, of old clients."""

    username: str = ""
    password: str = ""
    auth: str = ""
    email: str = ""
    server_address: str = msgspec.field(default="", name="serveraddress")
    identity_token: str = msgspec.field(default="", name="identitytoken")
    registry_token: str = msgspec.field(default="", name="registrytoken")

    def credentials(self) -> Credentials:
        """Raises Invalid for an ``auth`` that is none."""
        username, password = self.username, self.password
        if self.auth and not username:
            username, password = _pair(self.auth)
        return Credentials(username, password, self.identity_token, self.registry_token)


def from_header(text: str | None) -> Credentials:
    """Of ``X-Registry-Auth``; anonymous without one. Raises Invalid."""
    if not text:
        return ANONYMOUS
    return _converted(_decoded(text, AUTH), AuthConfig, AUTH).credentials()


def from_config(text: str | None) -> dict[str, Credentials]:
    """Of ``X-Registry-Config``: registry → its user's. Raises Invalid."""
    if not text:
        return {}
    found = _converted(_decoded(text, CONFIG), dict[str, AuthConfig], CONFIG)
    return {registry: config.credentials() for registry, config in found.items()}


def _decoded(text: str, header: str) -> Any:
    """JSON out of base64url, with its padding or without."""
    if len(text) > _LIMIT_BYTES:
        raise Invalid(f"{header} is longer than {_LIMIT_BYTES} bytes")
    try:
        data = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
        return msgspec.json.decode(data) if data.strip() else {}
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Invalid(f"{header} is not base64url of JSON") from error


def _converted(document: Any, kind: type[T], header: str) -> T:
    try:
        return msgspec.convert({} if document is None else document, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"{header}: {error}") from error


def _pair(auth: str) -> tuple[str, str]:
    try:
        username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise Invalid("auth is not base64 of username:password") from error
    if not colon:
        raise Invalid("auth is not base64 of username:password")
    return username, password.rstrip("\0")
