"""A container's logs."""

from collections.abc import AsyncIterator

import msgspec
from aiohttp import web

from wherry.dockerapi.attach import frame
from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.parameters import Query
from wherry.dockerapi.services import LogEngine
from wherry.dockerapi.times import stamp
from wherry.engine.containers.logs import LogLine, LogOptions
from wherry.kit.errors import Invalid, WherryError

STREAMS = {"stdout": 1, "stderr": 2}


class Shown(msgspec.Struct, frozen=True):
    """What is shown of a line besides what it says."""

    timestamps: bool
    details: bool

    def before(self, line: LogLine) -> bytes:
        """The details are none, as there are no options that ask for labels or variables: a space is what is left of
        them (moby, daemon/server/httputils/write_log_stream.go)."""
        time = f"{stamp(line.time_nanoseconds)} " if self.timestamps else ""
        return f"{time}{' ' if self.details else ''}".encode()


class LogEndpoints:
    """``GET /containers/{id}/logs``."""

    def __init__(self, containers: LogEngine) -> None:
        self._containers = containers

    @endpoint("GET /containers/{id}/logs")
    async def logs(self, call: Call) -> web.StreamResponse:
        options = read_options(call.query)
        target = self._containers.attachable(call.id)
        lines = self._containers.logs(target.id, options)
        stream = await call.stream(call.output_type(target.tty))
        shown = Shown(options.timestamps, call.query.flag("details"))
        return await stream.send_all(_framed(lines, target.tty, shown))


def read_options(query: Query) -> LogOptions:
    """The options of a request; raises Invalid when no stream is asked for."""
    stdout, stderr = query.flag("stdout"), query.flag("stderr")
    if not stdout and not stderr:
        raise Invalid("Bad parameters: you must choose at least one stream")
    return LogOptions(
        follow=query.flag("follow"),
        stdout=stdout,
        stderr=stderr,
        since_nanoseconds=query.time_nanoseconds("since") or 0,
        until_nanoseconds=query.time_nanoseconds("until") or 0,
        timestamps=query.flag("timestamps"),
        tail=_tail(query.text("tail")),
    )


def _tail(text: str) -> int | None:
    """Number of lines; None for all, which is also what dockerd makes of anything it cannot read."""
    return int(text) if text.isascii() and text.isdigit() else None


async def _framed(lines: AsyncIterator[LogLine], tty: bool, shown: Shown) -> AsyncIterator[bytes]:
    """What goes over the wire; a fault on the way is told on the client's standard error, as dockerd does."""
    try:
        async for line in lines:
            yield frame(shown.before(line) + line.data, tty, STREAMS[line.stream])
    except (WherryError, OSError) as error:
        yield frame(f"Error grabbing logs: {error}\n".encode(), tty, STREAMS["stderr"])
