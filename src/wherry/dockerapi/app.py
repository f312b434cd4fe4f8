"""From a request to its endpoint and back: version, route, errors, common headers."""

import logging
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from wherry import __version__
from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import Answer, endpoints_of
from wherry.dockerapi.errors import is_foreseen, message_of, render_error, status_of
from wherry.dockerapi.parameters import Query
from wherry.dockerapi.resources import resources
from wherry.dockerapi.services import Services
from wherry.dockerapi.unavailable import unavailable
from wherry.dockerapi.versions import NEWEST, split_path, text
from wherry.http.answering import answered
from wherry.http.connection import Connection
from wherry.http.routing import Router
from wherry.http.server import Handler, UnixServer, serve_unix
from wherry.kit.errors import Forbidden, Invalid

log = logging.getLogger(__name__)

# The docker CLI takes the operating system from Server: (moby:client/ping.go), so its form is Docker's.
HEADERS = {
    "Api-Version": text(NEWEST),
    "Docker-Experimental": "false",
    "Ostype": "linux",
    "Server": f"Docker/wherry-{__version__} (linux)",
}


class DockerApi:
    """The one handler of the server."""

    def __init__(self, resources: Iterable[object]) -> None:
        self._router: Router[Answer] = Router()
        for resource in resources:
            for method, template, answer in endpoints_of(resource):
                self._router.add(method, template, answer)
        for method, template, answer in unavailable():
            self._router.add(method, template, answer)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request; raises nothing but what ends the connection."""
        return await answered(request, self._dispatch, self._refuse, HEADERS, log)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        raw_path, _, query = request.raw_path.partition("?")
        if not raw_path.startswith("/"):
            raise Invalid("the request's target must be a path")
        if request.version.major != 1:
            raise Invalid("only HTTP/1.0 and HTTP/1.1 are spoken here")
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise Forbidden("requests from the pages of other sites are not allowed")
        version, path = split_path(unquote(raw_path) if "%" in raw_path else raw_path)
        match = self._router.find(request.method, path)
        if match is None:
            return render_error(404, "page not found")
        if match.target is None:
            response = render_error(405, f"method {request.method} is not allowed for {path}")
            response.headers["Allow"] = ", ".join(sorted(match.allowed))
            return response
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await match.target(Call(request, version, path, Query.parse(query), match.variables))

    @staticmethod
    def _refuse(request: web.BaseRequest, error: Exception) -> web.StreamResponse:
        if not is_foreseen(error):
            log.error("%s %s failed", request.method, request.raw_path, exc_info=error)
        connection = request.protocol
        if request.writer.output_size > 0 or (isinstance(connection, Connection) and connection.taken):
            raise ConnectionResetError("the answer has begun; the connection must end") from error
        return render_error(status_of(error), message_of(error))


def create_app(services: Services) -> Handler:
    """The API over an engine."""
    return DockerApi(resources(services))


async def serve(app: Handler, socket_path: Path, group: str = "") -> UnixServer:
    """Listen on the socket (0660, of ``group`` where there is one); stop with :meth:`UnixServer.stop`."""
    return await serve_unix(app, socket_path, _refuse_unparsed, group)


def _refuse_unparsed(status: int, message: str) -> web.Response:
    response = render_error(status, message)
    response.headers.update(HEADERS)
    return response
