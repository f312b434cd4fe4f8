"""Documents that the server makes of the kinds that it serves: discovery, OpenAPI."""

import hashlib

import msgspec


class Document(msgspec.Struct, frozen=True):
    """``etag`` has its quotes. ``encoding`` is ``gzip`` where the body is kept that way, else empty."""

    body: bytes
    content_type: str
    etag: str
    encoding: str = ""


def etag(body: bytes) -> str:
    """As upstream's: SHA-512 in upper case (k8s.io/apiserver pkg/endpoints/discovery/aggregated/etag.go)."""
    return f'"{hashlib.sha512(body).hexdigest().upper()}"'


def document(body: bytes, content_type: str = "application/json") -> Document:
    return Document(body, content_type, etag(body))
