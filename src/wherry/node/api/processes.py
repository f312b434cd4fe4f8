"""Commands in containers, their own streams, their ports: what is meant, and how the client speaks."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial

from aiohttp import web

from wherry.http.hijack import TakenOver
from wherry.http.takeover import upgrade_of
from wherry.kit.errors import Invalid, NotFound
from wherry.node.api.caller import Caller, Wanted
from wherry.node.api.commands import attend
from wherry.node.api.forwarding import forward
from wherry.node.api.joining import Ports
from wherry.node.api.spdystreams import spdy_caller
from wherry.node.api.websockets import websocket_caller
from wherry.node.pods.lookup import PodPlace
from wherry.node.pods.runtime import PodRuntime

Query = Mapping[str, Sequence[str]]
_UPGRADES = ("websocket", "spdy/3.1")


class Processes:
    """Each method lasts as long as the client and the process stay together."""

    def __init__(self, runtime: PodRuntime) -> None:
        self._runtime = runtime

    async def execute(
        self, request: web.BaseRequest, place: PodPlace, container: str, query: Query
    ) -> web.StreamResponse:
        """Raises Invalid, NotFound, Forbidden, ConnectionError."""
        wanted, id = _wanted(query), _running(place, container)
        command = list(query.get("command", ()))
        if not command:
            raise Invalid("you must specify a command")
        _check(request)
        process = self._runtime.open_exec(id, command, wanted.tty, wanted.stdin)
        async with _caller(request, wanted) as caller:
            await attend(caller, process, wanted.stdin, "executing command in")
        return TakenOver()

    async def attach(
        self, request: web.BaseRequest, place: PodPlace, container: str, query: Query
    ) -> web.StreamResponse:
        """How the process ends is not told: it is in the pod's status. Raises as :meth:`execute`."""
        wanted, id = _wanted(query), _running(place, container)
        _check(request)
        process = self._runtime.open_attach(id, wanted.stdin)
        async with _caller(request, wanted) as caller:
            await attend(caller, process, wanted.stdin, "attaching to", attached=True)
        return TakenOver()

    async def forward(self, request: web.BaseRequest, place: PodPlace, query: Query) -> web.StreamResponse:
        """Raises Invalid, NotFound, Forbidden, ConnectionError."""
        if not place.sandbox:
            raise NotFound(f"pod {place.pod['metadata']['name']} is not running")
        _check(request)
        meta = place.pod["metadata"]
        ports = Ports(f"{meta['name']}, uid {place.uid}", partial(self._runtime.connect, place.sandbox))
        return await forward(request, ports, query.get("port", ()))


def _wanted(query: Query) -> Wanted:
    """Raises Invalid. A terminal has one output only."""

    def flag(name: str) -> bool:
        return list(query.get(name, ()))[:1] == ["1"]

    tty = flag("tty")
    found = Wanted(flag("input"), flag("output"), flag("error") and not tty, tty)
    if not found.stdin and not found.stdout and not found.stderr:
        raise Invalid("you must specify at least 1 of stdin, stdout, stderr")
    return found


def _running(place: PodPlace, container: str) -> str:
    """The id of the container that runs. Raises NotFound."""
    found = place.containers.get(container)
    if found is None or not found.running:
        raise NotFound(f'container not found ("{container}")')
    return found.id


def _check(request: web.BaseRequest) -> None:
    """Raises Invalid unless the client asks to go on in one of our protocols."""
    if upgrade_of(request) not in _UPGRADES:
        raise Invalid("Upgrade request required: WebSocket or SPDY/3.1")


def _caller(request: web.BaseRequest, wanted: Wanted) -> AbstractAsyncContextManager[Caller]:
    if upgrade_of(request) == "websocket":
        return websocket_caller(request, wanted)
    return spdy_caller(request, wanted)
