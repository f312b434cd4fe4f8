"""Header blocks: names and values, compressed by zlib with a dictionary that both sides know.

(SPDY 3.1, 2.6.10; one state of compression for each direction of a connection)
"""

import struct
import zlib
from collections.abc import Mapping

BLOCK_BYTES = 64 << 10
"""Of a block, read."""
_COUNT = struct.Struct(">I")
_WINDOW_BITS = 11
"""2 KB of memory instead of 32 for blocks of a few words: the dictionary just fits."""


class BadHeaders(ValueError):
    """A block that is none. The connection cannot go on: the state of its compression is lost."""


def _dictionary() -> bytes:
    """Words with their lengths before them, then pieces of values (SPDY 3.1, 2.6.10.1)."""
    words = (
        "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age "
        "allow authorization cache-control connection content-base content-encoding content-language content-length "
        "content-location content-md5 content-range content-type date etag expect expires from host if-match "
        "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
        "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
        "user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie "
        "keep-alive origin"
    )
    codes = (
        "100 101 201 202 205 206 300 302 303 304 305 306 307 402 405 406 407 408 409 410 411 412 413 414 415 416 417 "
        "502 504 505"
    ).replace(" ", "")
    texts = (
        "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
        "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
        "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
        "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
        "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
    )
    named = b"".join(_COUNT.pack(len(word)) + word.replace("_", " ").encode() for word in words.split())
    return named + (codes + texts).encode()


DICTIONARY = _dictionary()


class Compressor:
    """Of the blocks that one side sends, in order."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, 1, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)

    def encode(self, headers: Mapping[str, str]) -> bytes:
        """Names are sent in lower case."""
        parts = [_COUNT.pack(len(headers))]
        for name, value in headers.items():
            for text in (name.lower(), value):
                data = text.encode("latin-1")
                parts += (_COUNT.pack(len(data)), data)
        return self._zlib.compress(b"".join(parts)) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


class Decompressor:
    """Of the blocks that the other side sends, in order."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(zdict=DICTIONARY)

    def decode(self, block: bytes) -> dict[str, str]:
        """Names in lower case. Raises BadHeaders."""
        try:
            data = self._zlib.decompress(block, BLOCK_BYTES + 1)
        except zlib.error as error:
            raise BadHeaders(f"a header block cannot be decompressed: {error}") from error
        if len(data) > BLOCK_BYTES or self._zlib.unconsumed_tail:
            raise BadHeaders(f"a header block has more than {BLOCK_BYTES} bytes")
        return _parsed(data)


def _parsed(data: bytes) -> dict[str, str]:
    texts, at = list[str](), 4
    try:
        (count,) = _COUNT.unpack_from(data)
        for _ in range(2 * count):
            (length,) = _COUNT.unpack_from(data, at)
            at += 4 + length
            if at > len(data):
                raise BadHeaders("a header block ends in the middle of a word")
            texts.append(data[at - length : at].decode("latin-1"))
    except struct.error as error:
        raise BadHeaders("a header block ends in the middle of a number") from error
    if at != len(data):
        raise BadHeaders("a header block goes on behind its last value")
    found = {name.lower(): value for name, value in zip(texts[::2], texts[1::2], strict=True)}
    if len(found) != count or "" in found:
        raise BadHeaders("a header block has a name twice, or an empty one")
    return found
