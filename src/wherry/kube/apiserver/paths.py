"""Which path shows which page."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from wherry.kube.apiserver import pages as made
from wherry.kube.apiserver.authn.discovery import configuration, jwks
from wherry.kube.apiserver.authn.jose import KeySet
from wherry.kube.apiserver.discovery import Discovery
from wherry.kube.apiserver.documents import Document
from wherry.kube.apiserver.measuring import Measures
from wherry.kube.apiserver.openapi.documents import Documents, plain
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.pages import Check, Page
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery import status
from wherry.kube.machinery.model import Object

_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_KEYS = "/openid/v1/jwks"


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages show."""

    discovery: Discovery
    documents: Documents
    keys: KeySet
    options: Options
    measures: Measures
    ready_checks: Mapping[str, Check]


def pages(shown: Pages) -> dict[str, Page]:
    """By path, or by ``/first/*`` for everything below."""
    options, keys = shown.options, shown.keys
    issuer = configuration(options.issuer, options.address + _KEYS)
    found: dict[str, Page] = {
        "/version": made.json_page(made.version),
        "/metrics": made.text_page(shown.measures.text, _METRICS),
        "/.well-known/openid-configuration": made.json_page(lambda: issuer),
        _KEYS: made.json_page(lambda: jwks(keys.keys)),
        "/api/*": _discovery(shown),
        "/apis/*": _discovery(shown),
        "/openapi/*": _openapi(shown.documents),
    }
    for name in ("healthz", "livez", "readyz"):
        checks = shown.ready_checks if name == "readyz" else {"ping": shown.ready_checks["ping"]}
        found[f"/{name}"] = found[f"/{name}/*"] = made.health_page(name, checks)
    found["/"] = made.json_page(lambda: _paths(found))
    return found


def _paths(found: Mapping[str, Page]) -> Object:
    return {"paths": sorted(path.removesuffix("/*") for path in found if path != "/")}


def _discovery(shown: Pages) -> Page:
    async def page(request: web.BaseRequest, info: RequestInfo) -> web.StreamResponse:
        address = shown.options.address.partition("://")[2]
        found = shown.discovery.find(info.path, request.headers.get("Accept", ""), address)
        if found is None:
            raise status.no_such_path()
        return made.document(found, request)

    return page


def _openapi(documents: Documents) -> Page:
    async def page(request: web.BaseRequest, info: RequestInfo) -> web.StreamResponse:
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
            raise status.no_such_path()
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response = made.document(found, request)
            if response.status == 200:
                response.headers["Content-Encoding"] = "gzip"
            return response
        return made.document(plain(found), request)

    return page
