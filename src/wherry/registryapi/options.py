"""How a registry is told where to listen, whom to let in and what to allow. Light: the command line checks it too."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from wherry.kit.errors import Invalid

DEFAULT_LISTEN = "127.0.0.1:5000"

SOCKET = "registry.sock"
"""Name of the socket of :mod:`wherry.registryapi.control`."""


@dataclass(frozen=True, slots=True)
class Options:
    """Empty texts and None are unset. To be checked by :func:`check`."""

    listen: str = DEFAULT_LISTEN
    tls_cert: Path | None = None
    tls_key: Path | None = None
    htpasswd: Path | None = None
    token_realm: str = ""
    token_service: str = ""
    token_issuer: str = ""
    token_key: Path | None = None
    read_only: bool = False
    allow_delete: bool = False
    plain_http: bool = False


_TOKEN = tuple(field.name for field in fields(Options) if field.name.startswith("token_"))


def check(options: Options) -> None:
    """Raise Invalid naming everything that is wrong."""
    faults = faults_of(options)
    if faults:
        raise Invalid("the registry cannot be served so:\n" + "\n".join(f"  {fault}" for fault in faults))


def faults_of(options: Options) -> list[str]:
    """Everything that is wrong with them together, each in words."""
    return list(_faults(options))


def _faults(options: Options) -> Iterator[str]:
    host = "localhost"
    try:
        host, _ = address(options.listen)
    except Invalid as error:
        yield error.message
    if (options.tls_cert is None) != (options.tls_key is None):
        yield "TLS needs both a certificate and its key"
    if options.tls_cert is None and not options.plain_http and not is_loopback(host):
        yield (
            f"{options.listen} can be reached from other machines: give it a certificate and a key for TLS, "
            "or say that you want plain HTTP (--plain-http)"
        )
    missing = [name for name in _TOKEN if not getattr(options, name)]
    if missing and len(missing) < len(_TOKEN):
        yield f"authentication by tokens needs also {', '.join(missing)}"
    if options.htpasswd is not None and not missing:
        yield "authentication is either by a password file or by tokens"
    if '"' in options.token_realm + options.token_service:
        yield "token_realm and token_service must have no quotation marks in them"


def address(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; an IPv6 address in brackets, an empty host for every address. Raises Invalid."""
    host, colon, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Invalid(f"{listen!r} is not HOST:PORT")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
