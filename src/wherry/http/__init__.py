"""HTTP pieces every face shares: a unix-socket server, exact routing, strict JSON, streams, hijacked connections.

Built on aiohttp's low-level server: one handler for all requests, no aiohttp application, no regular-expression routes.
What it is not: it knows no API; each face brings its routes, its error table and its bodies.

Invariants: a request with a JSON body that two parsers could read differently is refused; a response is sent with the
content type it was given, unchanged; a connection taken over by :mod:`wherry.http.hijack` is never shut down here.
"""
