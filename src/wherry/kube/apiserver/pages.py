"""What is no resource: health, version, figures, discovery, OpenAPI, keys."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

import wherry
from wherry.kube.apiserver.quoting import quoted
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery import status
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.model import Object

VERSION = "v1.37.0"
Check = Callable[[], Awaitable[None]]
"""Raises what is wrong."""
Page = Callable[[web.BaseRequest, RequestInfo], Awaitable[web.StreamResponse]]
_TEXT = "text/plain; charset=utf-8"


class Document(Protocol):
    """One that is made ahead; ``etag`` (in quotes) changes with it."""

    @property
    def body(self) -> bytes: ...
    @property
    def content_type(self) -> str: ...
    @property
    def etag(self) -> str: ...


def version() -> Object:
    """``/version``: what kubectl and helm compare themselves with."""
    major, minor, _ = VERSION[1:].split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"{VERSION}+wherry.{wherry.__version__}",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": "linux/amd64",
    }


def document(found: Document, request: web.BaseRequest) -> web.Response:
    """A document, or 304 when the client has it (RFC 9110 13.1.2)."""
    etag = found.etag
    headers = {"Content-Type": found.content_type, "ETag": etag, "Vary": "Accept"}
    if ";as=" in found.content_type:  # apiserver pkg/endpoints/discovery/aggregated: ServeHTTPWithETag
        headers["Cache-Control"] = "public"
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=found.body, headers=headers)


def json_page(make: Callable[[], Object], is_route: bool = True) -> Page:
    """A page that shows a document, in lines (apiserver pkg/endpoints/handlers/responsewriters: WriteRawJSON).
    ``is_route``: see :func:`only_get`."""

    async def page(request: web.BaseRequest, info: RequestInfo) -> web.StreamResponse:
        if is_route:
            only_get(request)
        return web.Response(
            body=msgspec.json.format(encode(make()), indent=2), headers={"Content-Type": "application/json"}
        )

    return page


def text_page(make: Callable[[], bytes], content_type: str = _TEXT) -> Page:
    """A page that shows a text."""

    async def page(request: web.BaseRequest, info: RequestInfo) -> web.StreamResponse:
        return web.Response(body=make(), headers={"Content-Type": content_type})

    return page


def no_page() -> web.Response:
    """Of a path that is nobody's (apiserver pkg/util/notfoundhandler: net/http NotFound)."""
    return web.Response(status=404, text="404 page not found\n", headers={"X-Content-Type-Options": "nosniff"})


def health_page(name: str, checks: Mapping[str, Check]) -> Page:
    """``/livez``, ``/readyz``, ``/healthz``, and each check below it; ``verbose`` names them, ``exclude=NAME`` leaves
    one out (apiserver pkg/server/healthz)."""

    async def page(request: web.BaseRequest, info: RequestInfo) -> web.StreamResponse:
        one = info.path.strip("/").partition("/")[2]
        if one and one not in checks:
            return no_page()
        query = parse_qs(request.raw_path.partition("?")[2], keep_blank_values=True)
        excluded = frozenset[str]() if one else frozenset(query.get("exclude", ()))
        lines, failed = await _run({one: checks[one]} if one else checks, excluded)
        if failed:
            text = "\n".join([*lines, f"{name} check failed"])
            return web.Response(status=500, text=text + "\n")
        verbose = "verbose" in query and not one
        text = "\n".join([*lines, f"{name} check passed"]) + "\n" if verbose else "ok"
        return web.Response(text=text, headers={"Content-Type": _TEXT, "X-Content-Type-Options": "nosniff"})

    return page


async def _run(checks: Mapping[str, Check], excluded: frozenset[str]) -> tuple[list[str], bool]:
    lines, failed = [], False
    for name, check in checks.items():
        if name in excluded:
            lines.append(f"[+]{name} excluded: ok")
            continue
        try:
            await check()
        except Exception:
            lines.append(f"[-]{name} failed: reason withheld")
            failed = True
        else:
            lines.append(f"[+]{name} ok")
    if unknown := sorted(excluded - checks.keys()):
        lines.append(f"warn: some health checks cannot be excluded: no matches for {','.join(map(quoted, unknown))}")
    return lines, failed


def only_get(request: web.BaseRequest) -> None:
    """Raises StatusError 405 for whatever else would be done to a page that is a route of go-restful's, upstream: those
    are of one method. The others are shown whatever the method is (apiserver pkg/server/mux, pkg/server/healthz)."""
    if request.method != "GET":
        raise status.no_such_method()
