"""Attach: a client's socket becomes a container's terminal or its streams."""

import os
import struct

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import AttachEngine
from wherry.http.hijack import Hijacked, TakenOver


class AttachEndpoints:
    """``POST /containers/{id}/attach``."""

    def __init__(self, containers: AttachEngine) -> None:
        self._containers = containers

    @endpoint("POST /containers/{id}/attach")
    async def attach(self, call: Call) -> web.StreamResponse:
        query = call.query
        target = self._containers.attachable(call.id)
        keys = query.text("detachKeys") if "detachKeys" in query else None
        logs, stream = query.flag("logs"), query.flag("stream")
        # A client that attaches first and then starts must find its streams attached: nothing may come between.
        speaks_at_once = target.running or (logs and not stream)
        taken = await call.hijack(call.output_type(target.tty), read=speaks_at_once)
        with ErrorChannel(taken, target.tty) as errors:
            await self._containers.attach(
                target.id,
                taken.fd,
                stdin=query.flag("stdin"),
                stdout=query.flag("stdout"),
                stderr=query.flag("stderr"),
                logs=logs,
                stream=stream,
                early=taken.early,
                detach_keys=keys,
            )
            errors.given_away()
        return TakenOver()


class ErrorChannel:
    """Tells the client on its taken-over stream what went wrong after the 101; closes our copy of the socket."""

    def __init__(self, taken: Hijacked, tty: bool) -> None:
        self._copy = os.dup(taken.fd)
        self._original: int | None = taken.fd
        self._tty = tty

    def given_away(self) -> None:
        """The engine owns the socket from here on."""
        self._original = None

    def __enter__(self) -> "ErrorChannel":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        try:
            if isinstance(error, Exception):
                os.write(self._copy, frame(f"{error}\r\n".encode(), self._tty))
        except OSError:
            pass  # the client has gone: there is nobody to tell
        finally:
            os.close(self._copy)
        return isinstance(error, Exception)


def frame(data: bytes, tty: bool, stream: int = 1) -> bytes:
    """Output as a client reads it: raw from a terminal, else with Docker's header (stream, length)."""
    return data if tty else struct.pack(">BxxxI", stream, len(data)) + data
