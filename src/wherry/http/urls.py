"""Addresses of servers that are not trusted: who is meant, and whether it is still the same one. Pure."""

from urllib.parse import urljoin, urlsplit

import msgspec

from wherry.kit.errors import Invalid

_PORTS = {"http": 80, "https": 443}
LENGTH_LIMIT = 16_384
"""Signed addresses of object stores have some 2,000 characters."""


class Origin(msgspec.Struct, frozen=True):
    """Whom a request goes to (RFC 6454): what was meant for one origin is not for another. ``host`` is lower case."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Raises Invalid for anything but an http or https address of a host, and for one with a user's name in it."""
        if len(url) > LENGTH_LIMIT or not url.isascii() or min(url, default="~") <= " ":
            raise Invalid(f"not an address: {url[:200]!r}")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Invalid(f"not an address: {url[:200]!r}") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise Invalid(f"not an http or https address: {url[:200]!r}")
        if parts.username is not None or parts.password is not None or "\\" in parts.netloc:
            raise Invalid(f"address with a user's name in it: {parts.scheme}://…@{parts.hostname}")
        return cls(parts.scheme, parts.hostname.lower(), port if port is not None else _PORTS[parts.scheme])

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def joined(base: str, location: str) -> str:
    """What a Location header means at ``base`` (RFC 9110 10.2.2), without a fragment. Raises Invalid."""
    try:
        url = urljoin(base, location).partition("#")[0]
    except ValueError as error:
        raise Invalid(f"not an address: {location[:200]!r}") from error
    Origin.of(url)
    return url


def shown(url: str) -> str:
    """An address for a message: without its query, which may hold a signature."""
    return url.partition("?")[0]
