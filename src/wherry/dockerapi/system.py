"""The daemon itself: ping, version, info, disk usage."""

import platform
import sys
from typing import Any

from aiohttp import web

from wherry import __version__
from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.info import Info
from wherry.dockerapi.versions import NEWEST, OLDEST, text
from wherry.kit.errors import NotFound

PING_HEADERS = {
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Builder-Version": "1",
    "Swarm": "inactive",
    "Content-Type": "text/plain; charset=utf-8",
}


class SystemEndpoints:
    """``/_ping``, ``/version``, ``/info``."""

    def __init__(self, info: Info) -> None:
        self._info = info
        self._version = _version()

    @endpoint("GET /_ping")
    @endpoint("HEAD /_ping")
    async def ping(self, call: Call) -> web.StreamResponse:
        body = b"OK" if call.request.method == "GET" else b""
        return web.Response(body=body, headers=PING_HEADERS)

    @endpoint("GET /version")
    async def version(self, call: Call) -> web.StreamResponse:
        return call.json(self._version)

    @endpoint("GET /info")
    async def info(self, call: Call) -> web.StreamResponse:
        return call.json(self._info.document(call.version))

    @endpoint("GET /plugins")
    async def plugins(self, call: Call) -> web.StreamResponse:
        return call.json([])  # none can be installed, which is an answer

    @endpoint("GET /plugins/{name...}/json")
    async def plugin(self, call: Call) -> web.StreamResponse:
        raise NotFound(f'plugin "{call.name}" not found')  # docker inspect asks here last, and wants this answer


def _version() -> dict[str, Any]:
    kernel, machine = platform.release(), architecture()
    python = f"python{platform.python_version()}"
    details = {
        "ApiVersion": text(NEWEST),
        "Arch": machine,
        "Experimental": "false",
        "GitCommit": "",
        "GoVersion": python,
        "KernelVersion": kernel,
        "MinAPIVersion": text(OLDEST),
        "Os": sys.platform,
    }
    return {
        "Platform": {"Name": "Wherry"},
        "Components": [{"Name": "Engine", "Version": __version__, "Details": details}],
        "Version": __version__,
        "ApiVersion": text(NEWEST),
        "MinAPIVersion": text(OLDEST),
        "GitCommit": "",
        "GoVersion": python,
        "Os": sys.platform,
        "Arch": machine,
        "KernelVersion": kernel,
        "BuildTime": "",
    }


def architecture() -> str:
    """This machine in Go's words (GOARCH)."""
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}.get(machine, machine)
