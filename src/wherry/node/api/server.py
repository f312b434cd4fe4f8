"""Requests to the kubelet's API: who, whether, and then what.

Serving: :meth:`KubeletApi.serve`. Until :attr:`KubeletApi.lookup` is set there are no pods here.
"""

import logging
import os
import resource
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

import msgspec
from aiohttp import web

from wherry.http.answering import answered
from wherry.http.routing import Router
from wherry.http.server import TcpServer, serve_tcp
from wherry.kit import errors
from wherry.kube.machinery.model import Object
from wherry.node.api import figures, logs
from wherry.node.api.access import Access
from wherry.node.api.attributes import needed
from wherry.node.api.processes import Processes
from wherry.node.api.summary import Rates, summary
from wherry.node.api.usage import NodeMeter, pods
from wherry.node.pods.lookup import PodLookup, PodPlace
from wherry.node.pods.runtime import PodRuntime

log = logging.getLogger(__name__)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_STATUS: dict[type[Exception], int] = {
    errors.NotFound: 404,
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Unavailable: 503,
    errors.Unsupported: 405,
}
_REFUSED = {
    "run": "commands are run by exec",
    "checkpoint": "containers are not checkpointed: nothing is written to the node's disk on request",
    "logs": "logs endpoint is disabled.",
    "debug": "profiling endpoint is disabled.",
}
"""Paths of the kubelet that are not offered, by their first segment, and why."""


@dataclass(frozen=True, slots=True)
class Request:
    """``variables`` of the path; ``query`` decoded, every value."""

    http: web.BaseRequest
    variables: Mapping[str, str]
    query: Mapping[str, Sequence[str]]

    def first(self, name: str) -> str:
        values = self.query.get(name)
        return values[0] if values else ""


Handler = Callable[[Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class About:
    """The node, for what is shown of it. ``config``: of ``/configz``, a KubeletConfiguration."""

    node: str
    config: Object


class NoPods:
    """Where there is no agent yet."""

    def places(self) -> Sequence[PodPlace]:
        return ()

    def place(self, namespace: str, name: str, uid: str = "") -> PodPlace | None:
        return None


class KubeletApi:
    """See the module. Call it on the event loop's thread, :meth:`close` at the end."""

    def __init__(self, about: About, runtime: PodRuntime, access: Access, meter: NodeMeter) -> None:
        self._about = about
        self._runtime = runtime
        self._access = access
        self._meter = meter
        self._rates = Rates()
        self._router: Router[Handler] = Router()
        self._logs = logs.Logs(self)
        self._processes = Processes(runtime)
        self._forget = runtime.subscribe(lambda sandbox: self._logs.wake())
        self._began = time.time()
        self.lookup: PodLookup = NoPods()
        self._add_routes()

    async def serve(self, host: str, port: int, tls: ssl.SSLContext) -> TcpServer:
        """Listen; port 0 is a free one. Raises Conflict, Forbidden, Invalid."""
        return await serve_tcp(self.handle, host, port, _render_error, tls)

    def close(self) -> None:
        """Follow nothing any more. Idempotent."""
        self._forget()
        self._forget = lambda: None
        self._logs.close()

    def _add_routes(self) -> None:
        add = self._router.add
        add("GET", "/healthz", self._health)
        for name in ("ping", "log", "syncloop"):
            add("GET", f"/healthz/{name}", self._health)
        add("GET", "/pods", self._pods)
        add("GET", "/configz", self._config)
        add("GET", "/stats/summary", self._summary)
        add("GET", "/metrics", self._own_figures)
        add("GET", "/metrics/resource", self._resource_figures)
        add("GET", "/metrics/cadvisor", self._cadvisor_figures)
        add("GET", "/containerLogs/{namespace}/{pod}/{container}", self._log)
        for method in ("GET", "POST"):
            for name in ("exec", "attach"):
                handler = self._exec if name == "exec" else self._attach
                add(method, f"/{name}/{{namespace}}/{{pod}}/{{third}}", handler)  # the container
                add(method, f"/{name}/{{namespace}}/{{pod}}/{{third}}/{{fourth}}", handler)  # the uid, the container
            add(method, "/portForward/{namespace}/{pod}", self._forward)
            add(method, "/portForward/{namespace}/{pod}/{uid}", self._forward)

    # A request

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request's answer."""
        return await answered(request, self._dispatch, _refuse, _HEADERS, log)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        path, query = _split(request.raw_path)
        user = await self._access.who(*_credentials(request))
        await self._access.check(user, needed(request.method, path))
        first = path.split("/", 2)[1]
        if first in _REFUSED:
            raise errors.Unsupported(_REFUSED[first])
        match = self._router.find("GET" if request.method == "HEAD" else request.method, path.rstrip("/") or "/")
        if match is None:
            raise errors.NotFound("404 page not found")
        if match.target is None:
            raise errors.Unsupported("method not allowed")
        return await match.target(Request(request, match.variables, query))

    # Pods, for what asks us; a lookup is set later than who uses it is made

    def places(self) -> Sequence[PodPlace]:
        return self.lookup.places()

    def place(self, namespace: str, name: str, uid: str = "") -> PodPlace | None:
        return self.lookup.place(namespace, name, uid)

    def _container(self, request: Request) -> tuple[PodPlace, str]:
        """A pod and the name of a container. Raises NotFound."""
        third, fourth = request.variables["third"], request.variables.get("fourth", "")
        return self._place(request, third if fourth else ""), fourth or third

    def _place(self, request: Request, uid: str = "") -> PodPlace:
        """Raises NotFound."""
        found = self.lookup.place(request.variables["namespace"], request.variables["pod"], uid)
        if found is None:
            raise errors.NotFound("pod does not exist")
        return found

    # What they answer

    async def _health(self, request: Request) -> web.StreamResponse:
        return web.Response(text="ok")

    async def _pods(self, request: Request) -> web.StreamResponse:
        found = [{"apiVersion": "v1", "kind": "Pod", **each.pod} for each in self.lookup.places()]
        return _json({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": found})

    async def _config(self, request: Request) -> web.StreamResponse:
        return _json({"kubeletconfig": self._about.config})

    async def _summary(self, request: Request) -> web.StreamResponse:
        running = pods(self, self._runtime)
        return _json(summary(self._about.node, self._meter.measure(), running, self._rates))

    async def _own_figures(self, request: Request) -> web.StreamResponse:
        return _figures(figures.own(self._about.node, list(pods(self, self._runtime)), self._process()))

    async def _resource_figures(self, request: Request) -> web.StreamResponse:
        return _figures(figures.resource(self._meter.measure(), list(pods(self, self._runtime))))

    async def _cadvisor_figures(self, request: Request) -> web.StreamResponse:
        running = list(pods(self, self._runtime))
        return _figures(figures.cadvisor(self._meter.measure(), running, os.cpu_count() or 1))

    def _process(self) -> Mapping[str, float]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        return {
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "resident_bytes": pages * resource.getpagesize(),
            "start_seconds": self._began,
            "open_fds": len(os.listdir("/proc/self/fd")),
        }

    async def _log(self, request: Request) -> web.StreamResponse:
        place = self.lookup.place(request.variables["namespace"], request.variables["pod"])
        if place is None:
            raise errors.NotFound(f'pod "{request.variables["pod"]}" does not exist')
        query = {name: values[0] for name, values in request.query.items()}
        asked = logs.asked(query, logs.now_ns())
        return await self._logs.answer(request.http, place, request.variables["container"], asked)

    async def _exec(self, request: Request) -> web.StreamResponse:
        place, container = self._container(request)
        return await self._processes.execute(request.http, place, container, request.query)

    async def _attach(self, request: Request) -> web.StreamResponse:
        place, container = self._container(request)
        return await self._processes.attach(request.http, place, container, request.query)

    async def _forward(self, request: Request) -> web.StreamResponse:
        place = self._place(request, request.variables.get("uid", ""))
        return await self._processes.forward(request.http, place, request.query)


def _split(target: str) -> tuple[str, dict[str, list[str]]]:
    """Path, decoded a segment at a time, and query. Raises Invalid for what is no path of ours."""
    path, _, query = target.partition("?")
    parts = [unquote(each) for each in path.split("/")]
    if not path.startswith("/") or any("/" in each or each in (".", "..") for each in parts):
        raise errors.Invalid("invalid path")
    return "/".join(parts), parse_qs(query, keep_blank_values=True)


def _credentials(request: web.BaseRequest) -> tuple[bytes, str]:
    authorization = request.headers.get("Authorization", "")
    token = authorization[7:].strip() if authorization[:7].lower() == "bearer " else ""
    transport = request.transport
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    return certificate or b"", token


def _json(document: Object) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), headers={"Content-Type": "application/json"})


def _figures(families: Sequence[figures.Family]) -> web.Response:
    return web.Response(body=figures.text(families), headers={"Content-Type": figures.CONTENT_TYPE})


def _refuse(request: web.BaseRequest, error: Exception) -> web.StreamResponse:
    """In words, as the kubelet does."""
    if isinstance(error, web.HTTPException):  # of the WebSocket's handshake
        return web.Response(status=error.status, text=f"{error.text or error.reason}\n")
    code = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, TimeoutError):
        code, message = 504, "timed out"
    elif code == 500:
        log.exception("fault while answering %s %s", request.method, request.path, exc_info=error)
        message = "internal error"
    else:
        message = str(error)
    response = web.Response(status=code, text=message)
    if code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="kubelet"'
    return response


def _render_error(code: int, message: str) -> web.Response:
    """Of what the HTTP parser refused."""
    return web.Response(status=code, text=message)


__all__ = ["About", "KubeletApi"]
