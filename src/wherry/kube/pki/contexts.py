"""TLS on both ends."""

import ssl

from wherry.http.tls import ServerContext
from wherry.kube.pki.model import Pair, Pki

ALPN = ("http/1.1",)
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME (X509_VERIFY_PARAM_set_flags(3)), for which Python has no name."""


def server_context(pki: Pki) -> ssl.SSLContext:
    """Of the API server: TLS 1.2 or later; who shows a certificate must have one of the authority's for clients.

    A certificate is not demanded, since tokens will do. One of another authority ends the handshake: OpenSSL verifies
    or does not ask, and Python lets nobody in between. (Upstream asks, verifies itself, and answers 401.) One whose
    time is over, or has not come, passes: who asks for its time at each request then answers 401
    (:mod:`wherry.kube.apiserver.authn.certificates`), which tools can tell from a broken connection.
    """
    context = serving_context(pki.authority_pem, pki.serving)
    context.verify_flags |= _NO_CHECK_TIME
    return context


def serving_context(authority_pem: str, pair: Pair) -> ssl.SSLContext:
    """The same of any server of the cluster: a node's, too."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(list(ALPN))
    context.load_verify_locations(cadata=authority_pem)
    context.verify_mode = ssl.CERT_OPTIONAL
    load(context, pair)
    return context


def load(context: ssl.SSLContext, pair: Pair) -> None:
    """(Re)load key and certificate: connections from now on get the new ones."""
    context.load_cert_chain(pair.path)


def client_context(authority_pem: str, pair: Pair | None = None) -> ssl.SSLContext:
    """Of a client of the API server, who shows a certificate (None: who has none)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(list(ALPN))
    context.load_verify_locations(cadata=authority_pem)
    if pair is not None:
        load(context, pair)
    return context
