"""One GET, of which the status alone is of interest: HTTP/1.1 without keeping the connection."""

import asyncio
import os
import ssl
from dataclasses import dataclass
from functools import lru_cache

from wherry.node.pods.probes.targets import Request, authority

HEAD_BYTES = 64 << 10
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Unanswered(Exception):
    """There was no answer, or none that is HTTP; the text is as Go's client says it, without the URL."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str = ""


async def get(request: Request, timeout_seconds: float) -> Answer:
    """Raises Unanswered."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _get(request)
    except TimeoutError:
        said = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        raise Unanswered(said) from None
    except OSError as error:
        raise Unanswered(f"dial tcp {authority(request.host, request.port)}: {reason(error)}") from error


def reason(error: OSError) -> str:
    """In Go's words."""
    if isinstance(error, ssl.SSLError):
        return f"tls: {error.reason or error}"
    return f"connect: {words(error)}"


def words(error: OSError) -> str:
    """The kernel's for it: asyncio has some of its own."""
    return (os.strerror(error.errno) if error.errno else str(error)).lower()


async def _get(request: Request) -> Answer:
    context = _any_certificate() if request.scheme == "https" else None
    name = request.host if context else None
    reader, writer = await asyncio.open_connection(
        request.host, request.port, ssl=context, server_hostname=name, limit=HEAD_BYTES
    )
    try:
        writer.write(_encoded(request))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        while head.split(b" ", 2)[1][:1] == b"1":  # 100 Continue and the like
            head = await reader.readuntil(b"\r\n\r\n")
        return _parsed(head)
    except asyncio.LimitOverrunError:
        raise Unanswered("net/http: server response headers exceeded limit") from None
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            raise Unanswered("EOF") from None
        if b"\r\n" not in error.partial:
            raise Unanswered(f"net/http: HTTP/1.x transport connection broken: {_malformed(error.partial)}") from None
        return _parsed(error.partial)
    except IndexError:
        raise Unanswered("net/http: HTTP/1.x transport connection broken: malformed HTTP response") from None
    finally:
        writer.transport.abort()  # alone: in Python 3.11 it fails inside TLS after a close of what the peer has closed


@lru_cache(maxsize=1)
def _any_certificate() -> ssl.SSLContext:
    """A pod's certificate is its own affair (pkg/probe/http: InsecureSkipVerify)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _encoded(request: Request) -> bytes:
    headers = {name.lower(): value for name, value in request.headers}
    host = headers.get("host")
    if host is None:
        host = authority(request.host, request.port)
        if _DEFAULT_PORTS[request.scheme] == request.port:
            host = host.rpartition(":")[0]
    lines = [f"GET {request.path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers if name.lower() != "host" and value]
    return ("\r\n".join([*lines, "Connection: close", "", ""])).encode("utf-8", "replace")


def _parsed(head: bytes) -> Answer:
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/") or not (parts[1].isascii() and parts[1].isdigit()):
        raise Unanswered(f"net/http: HTTP/1.x transport connection broken: {_malformed(head)}")
    location = ""
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "location":
            location = value.strip()
    return Answer(int(parts[1]), location)


def _malformed(data: bytes) -> str:
    return f'malformed HTTP response "{data[:40].decode("latin-1").encode("unicode_escape").decode()}"'
