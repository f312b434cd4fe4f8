"""The server's end of TLS."""

import ssl

from wherry.http.tls import ServerContext
from wherry.kit.errors import Invalid
from wherry.registryapi.options import Options


def tls_context(options: Options) -> ssl.SSLContext | None:
    """A server's context, from TLS 1.2 on; None without a certificate. Raises Invalid."""
    if options.tls_cert is None or options.tls_key is None:
        return None
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
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
