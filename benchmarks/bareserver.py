"""The floor of a server: aiohttp's low-level server over TLS and uvloop, that does nothing but send bytes.

``python -m benchmarks.bareserver CERTIFICATE [FILE]`` prints its port. ``/`` says hello, ``/file`` sends FILE, and
``/lines`` sends each line of FILE on its own to everybody who has asked, once ``/go`` is asked.
"""

import asyncio
import ssl
import sys
from pathlib import Path

import uvloop
from aiohttp import web


class Bare:
    """``waiting``: those who get the lines."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._lines = content.splitlines(keepends=True)
        self._waiting: list[web.StreamResponse] = []
        self._done = asyncio.Event()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/file":
            return web.Response(body=self._content, content_type="application/json")
        if request.path == "/lines":
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            self._waiting.append(response)
            await self._done.wait()
            return response
        if request.path == "/go":
            for line in self._lines:
                for response in self._waiting:
                    await response.write(line)
            self._done.set()
        return web.Response(body=b'{"hello":"world"}', content_type="application/json")


async def main() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    content = Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else b""
    server = web.Server(Bare(content).answer)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
