"""How a registry is told where to listen, whom to let in and what to allow."""

import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from wherry.kit.errors import Invalid
from wherry.registryapi.access import Guard, Open
from wherry.registryapi.app import Rules

DEFAULT_LISTEN = "127.0.0.1:5000"


@dataclass(frozen=True, slots=True)
class Options:
    """Empty texts and None are unset. Make the parts of it by the functions here, after :func:`check`."""

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
    faults = list(_faults(options))
    if faults:
        raise Invalid("the registry cannot be served so:\n" + "\n".join(f"  {fault}" for fault in faults))


def _faults(options: Options) -> Iterator[str]:
    try:
        host, _ = address(options.listen)
    except Invalid as error:
        yield error.message
        return
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


def tls_context(options: Options) -> ssl.SSLContext | None:
    """A server's context, from TLS 1.2 on; None without a certificate. Raises Invalid."""
    if options.tls_cert is None or options.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    load_certificate(context, options)
    return context


def load_certificate(context: ssl.SSLContext, options: Options) -> None:
    """(Re)load certificate and key: connections from now on get the new one. Raises Invalid."""
    assert options.tls_cert is not None
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise Invalid(f"certificate {options.tls_cert} with key {options.tls_key}: {reason}") from error


def guard(options: Options) -> Guard:
    """Whoever is to decide; its libraries are loaded only when they are needed. Raises Invalid."""
    if options.htpasswd is not None:
        from wherry.registryapi.htpasswd import Htpasswd

        return Htpasswd(options.htpasswd)
    if options.token_key is not None:
        from wherry.registryapi.tokens import Authority, Tokens, load_keys  # 13 MB of cryptography

        authority = Authority(options.token_realm, options.token_service, options.token_issuer)
        return Tokens(authority, load_keys(options.token_key))
    return Open()


def rules(options: Options, who: Guard) -> Rules:
    """A registry that trusts its machine answers to its machine's names only."""
    host, _ = address(options.listen)
    return Rules(options.read_only, options.allow_delete, host if who.is_open and is_loopback(host) else None)
