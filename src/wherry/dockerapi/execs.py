"""Exec: further processes in a running container."""

import msgspec
from aiohttp import web

from wherry.dockerapi.attach import ErrorChannel
from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import ExecEngine
from wherry.engine.containers.model import ExecConfig
from wherry.http.hijack import TakenOver
from wherry.kit.errors import Invalid


class ExecStart(msgspec.Struct):
    """The body of ``POST /exec/{id}/start``."""

    Detach: bool = False
    Tty: bool = False
    ConsoleSize: tuple[int, int] | None = None


class ExecEndpoints:
    """``/containers/{id}/exec`` and ``/exec``."""

    def __init__(self, containers: ExecEngine) -> None:
        self._containers = containers

    @endpoint("POST /containers/{id}/exec")
    async def create(self, call: Call) -> web.StreamResponse:
        config = await call.body(ExecConfig)
        if not config.Cmd:
            raise Invalid("No exec command specified")
        return call.json({"Id": await self._containers.exec_create(call.id, config)}, status=201)

    @endpoint("POST /exec/{id}/start")
    async def start(self, call: Call) -> web.StreamResponse:
        body = await call.body(ExecStart)
        size = _size(body, call.version)
        if body.Detach:
            await self._containers.exec_start(call.id, None, size=size)
            return call.done(200)
        self._containers.exec_attachable(call.id)
        # What the start says decides, whatever was said at the creation (moby, exec_routes.go: postContainerExecStart).
        taken = await call.hijack(call.output_type(body.Tty), read=True)
        with ErrorChannel(taken, body.Tty) as errors:
            framed = not body.Tty
            await self._containers.exec_start(call.id, taken.fd, early=taken.early, size=size, framed=framed)
            errors.given_away()
        return TakenOver()

    @endpoint("POST /exec/{id}/resize")
    async def resize(self, call: Call) -> web.StreamResponse:
        height, width = call.query.required_number("h"), call.query.required_number("w")
        await self._containers.exec_resize(call.id, height, width)
        return call.done(200)

    @endpoint("GET /exec/{id}/json")
    async def inspect(self, call: Call) -> web.StreamResponse:
        return call.json(self._containers.exec_inspect(call.id))


def _size(body: ExecStart, version: int) -> tuple[int, int] | None:
    """Height and width of the terminal; older clients send it without meaning it."""
    if body.ConsoleSize is None or version < 42:
        return None
    if not body.Tty:
        raise Invalid("console size is only supported when TTY is enabled")
    return body.ConsoleSize
