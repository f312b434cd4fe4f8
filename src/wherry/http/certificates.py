"""The system's certificate authorities, loaded when a server's certificate is first to be verified.

aiohttp loads them, twice, when it is imported: 45 ms and 2 MB, of a daemon that may never ask any server. So it is
imported with :func:`deferred`, and its own default, which then trusts nobody, is not used.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

# Where OpenSSL looks for them, before its built-in places (SSL_CTX_load_verify_locations(3)).
_VARIABLES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": "/nonexistent"}


@contextmanager
def deferred() -> Iterator[None]:
    """TLS contexts that are made inside have no authorities: whom they verify, they refuse."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(_VARIABLES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@lru_cache(maxsize=1)
def default() -> ssl.SSLContext:
    """For clients: the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR. Made once, some 30 ms."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    return context
