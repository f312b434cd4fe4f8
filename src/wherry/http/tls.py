"""TLS of servers, whose clients are told why they are not let in.

asyncio and uvloop close the connection of a handshake that failed without sending what OpenSSL left for the client: it
learns nothing. Here the alert is sent, and who speaks plain HTTP is told in plain HTTP, as Go's servers do (net/http
server.go: ``tlsRecordHeaderLooksLikeHTTP``).

It hangs on what both loops do: after a step of the handshake that wants to read, they send what is there to be sent.
Closing is then the client's part; who does not is let go when the time for handshakes is over.
"""

import ssl
from typing import Any

_SAID = b"Client sent an HTTP request to an HTTPS server.\n"
_PLAIN = b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_SAID), _SAID)


class _Side(ssl.SSLObject):
    """The server's side of one connection."""

    outgoing: ssl.MemoryBIO
    """What the loop sends."""
    has_failed = False

    def do_handshake(self) -> None:
        """As its parent's. A failure is told the client, for which more is asked of it: that there is nothing to hear
        is said when it comes."""
        if self.has_failed:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, "the handshake has failed")
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if error.reason == "HTTP_REQUEST":  # GET, HEAD, POST, PUT (OpenSSL ssl/record/methods/tlsany_meth.c)
                self.outgoing.write(_PLAIN)
            if not self.outgoing.pending:
                raise
            self.has_failed = True
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "what went wrong is sent first") from error


class ServerContext(ssl.SSLContext):
    """What :func:`wherry.http.server.serve_tcp` is given."""

    sslobject_class = _Side

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        """As its parent's."""
        made = super().wrap_bio(incoming, outgoing, *args, **options)
        assert isinstance(made, _Side)
        made.outgoing = outgoing
        inner: Any = made._sslobj  # type: ignore[attr-defined]  # the same without a call in between, three times a request
        made.read, made.write, made.pending = inner.read, inner.write, inner.pending  # type: ignore[method-assign]
        return made
