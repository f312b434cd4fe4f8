"""Which path shows which page."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from wherry.kube.apiserver import pages as made
from wherry.kube.apiserver.authn.discovery import configuration, jwks
from wherry.kube.apiserver.authn.jose import KeySet
from wherry.kube.apiserver.discovery import Discovery
from wherry.kube.apiserver.documents import Document
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.apiserver.measuring import Measures
from wherry.kube.apiserver.pages import Check, Page
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery import status

if TYPE_CHECKING:
    from wherry.kube.apiserver.openapi.documents import Documents

_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_KEYS = "/openid/v1/jwks"


class Pages(msgspec.Struct, frozen=True):
    """What the pages show."""

    discovery: Discovery
    documents: "OpenApi"
    keys: KeySet
    issuer: str
    address: Callable[[], str]
    measures: Measures
    ready_checks: Mapping[str, Check]


def pages(shown: Pages) -> dict[str, Page]:
    """By path, or by ``/first/*`` for everything below."""
    keys, address = shown.keys, shown.address
    found: dict[str, Page] = {
        "/version": made.json_page(made.version),
        "/metrics": made.text_page(shown.measures.text, _METRICS),
        "/.well-known/openid-configuration": made.json_page(lambda: configuration(shown.issuer, address() + _KEYS)),
        _KEYS: made.json_page(lambda: jwks(keys.keys)),
        "/api/*": _discovery(shown),
        "/apis/*": _discovery(shown),
        "/openapi/*": _openapi(shown.documents),
    }
    for name in ("healthz", "livez", "readyz"):
        checks = {"ping": shown.ready_checks["ping"]} if name == "livez" else shown.ready_checks
        found[f"/{name}"] = found[f"/{name}/*"] = made.health_page(name, checks)
    found["/"] = made.json_page(lambda: {"paths": _paths(shown)}, is_route=False)
    return found


def _paths(shown: Pages) -> list[str]:
    """Everything that can be asked for (apiserver pkg/server/routes: Index)."""
    groups = shown.discovery.groups()
    found = {"/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/metrics", "/openapi/v2", "/openapi/v3"}
    found |= {_KEYS, "/version", "/healthz", "/livez", "/readyz"}
    found |= {f"/apis/{group}" for group in groups if group}
    found |= {f"/apis/{group}/{version}" for group, versions in groups.items() if group for version in versions}
    for name in ("healthz", "livez", "readyz"):
        checks = ("ping",) if name == "livez" else shown.ready_checks
        found |= {f"/{name}/{check}" for check in checks}
    return sorted(found)


def _discovery(shown: Pages) -> Page:
    async def page(request: web.BaseRequest, info: RequestInfo) -> web.StreamResponse:
        if not _is_aggregated(info.path):
            made.only_get(request)
        if info.path.startswith("/apis//"):
            return made.no_page()  # the core's is no group below /apis, and upstream no path is cleaned
        address = shown.address().partition("://")[2]
        found = shown.discovery.find(info.path, request.headers.get("Accept", ""), address)
        if found is not None:
            return made.document(found, request)
        group = info.path.split("/")[2] if info.path.startswith("/apis/") else ""
        if group and not shown.discovery.has_routes(group):
            return made.no_page()
        raise status.no_such_path()

    return page


def _is_aggregated(path: str) -> bool:
    """Whether upstream's aggregator answers, itself: ``/apis`` and ``/apis/GROUP`` (kube-aggregator pkg/apiserver)."""
    parts = path.strip("/").split("/")
    return parts[0] == "apis" and len(parts) < 3


class OpenApi:
    """The documents of OpenAPI, whose makers are loaded when somebody asks for one."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._made: Documents | None = None

    def get(self) -> "Documents":
        if self._made is None:
            from wherry.kube.apiserver.openapi.documents import Documents

            self._made = Documents(self._kinds.all, made.VERSION)
        return self._made

    def changed(self) -> None:
        """Other kinds are served."""
        if self._made is not None:
            self._made.changed()


def _openapi(openapi: OpenApi) -> Page:
    async def page(request: web.BaseRequest, info: RequestInfo) -> web.StreamResponse:
        from wherry.kube.apiserver.openapi.documents import plain

        documents = openapi.get()
        accept = request.headers.get("Accept", "")
        path = info.path.strip("/").removeprefix("openapi/")
        found: Document | None
        if path == "v2":
            found = documents.v2(accept)
        elif path == "v3":
            found = documents.v3_index()
        else:
            found = documents.v3(path.removeprefix("v3/"), accept)
        if found is None:
            return made.no_page()
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response = made.document(found, request)
            if response.status == 200:
                response.headers["Content-Encoding"] = "gzip"
            return response
        return made.document(plain(found), request)

    return page
