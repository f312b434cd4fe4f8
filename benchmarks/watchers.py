"""Many watches read by one process: ``python -m benchmarks.watchers CA URL TOKEN COUNT LINES``.

Prints ``ready`` when every watch has begun, and, when each has had so many lines, the seconds since the first line came
and, where lines carry the time of their writing (an annotation ``at``), the delays' 99th percentile in milliseconds.
"""

import asyncio
import re
import ssl
import sys
import time
from urllib.parse import urlsplit

import uvloop

_AT = re.compile(rb'"at":"([0-9.]+)"')


class Reader(asyncio.Protocol):
    """Counts lines behind the head of the answer."""

    def __init__(self, request: bytes, lines: int, clock: dict[str, float], delays: list[float]) -> None:
        self._request = request
        self._left = lines
        self._clock = clock
        self._delays = delays
        self.begun = asyncio.get_running_loop().create_future()
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]  # uvloop's is no asyncio.Transport, and writes

    def data_received(self, data: bytes) -> None:
        if not self.begun.done():
            _, separator, data = data.partition(b"\r\n\r\n")
            if not separator:
                return
            self.begun.set_result(None)
        count = data.count(b"}\n")
        if not count:
            return
        now = time.time()
        self._clock.setdefault("first", time.perf_counter())
        if self._delays is not None:
            self._delays.extend(now - float(found) for found in _AT.findall(data))
        self._left -= count
        if self._left <= 0 and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.begun, self.done):
            if not future.done():
                future.set_exception(exc or ConnectionError("the server ended the watch"))


async def main() -> None:
    authority, url, token, count, lines = sys.argv[1:]
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context(cafile=authority)
    context.check_hostname = False
    head = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    clock: dict[str, float] = {}
    delays: list[float] = []
    readers = []
    for _ in range(int(count)):
        _, reader = await asyncio.get_running_loop().create_connection(
            lambda: Reader(head, int(lines), clock, delays), host, port, ssl=context
        )
        readers.append(reader)
    await asyncio.gather(*(reader.begun for reader in readers))
    print("ready", flush=True)
    await asyncio.gather(*(reader.done for reader in readers))
    elapsed = time.perf_counter() - clock["first"]
    delays.sort()
    print(elapsed, delays[int(len(delays) * 0.99)] * 1000 if delays else 0.0, flush=True)


if __name__ == "__main__":
    uvloop.run(main())
