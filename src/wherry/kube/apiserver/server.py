"""The API over HTTP: from a request to a call, from an outcome to an answer.

Order: path, authentication, impersonation, authorization, then what is asked. Anonymous callers get as far as health
and version (:mod:`wherry.kube.apiserver.authn` says so).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web

from wherry.http.answering import answered
from wherry.http.body import read_body
from wherry.http.request import ANSWER_HEADERS
from wherry.http.streams import connection_of
from wherry.kit.errors import Invalid
from wherry.kit.tasks import SameLimit
from wherry.kube.apiserver.api import Api, not_allowed
from wherry.kube.apiserver.asking import call_of, check, own_seconds, read
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.connecting.places import named
from wherry.kube.apiserver.direct import Direct
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.gate import Claims, Gate
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.apiserver.measuring import Measures
from wherry.kube.apiserver.pages import no_page
from wherry.kube.apiserver.refusing import BODY_BYTES, REQUEST_SECONDS, refusal, refused, too_large
from wherry.kube.apiserver.rendering import rendered, shaped
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.apiserver.sending import AUDIT_ID, HEADERS, audit_id, sent, with_warnings, written
from wherry.kube.apiserver.subresources.streams import NAMES, Connector, NoNodes
from wherry.kube.apiserver.watching import error_event, stream
from wherry.kube.machinery import status
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.mediatypes import OF_OTHERS, OF_OURS, PLAIN, PROTOBUF, YAML, Form, Wanted, fitting, wanted
from wherry.kube.machinery.mediatypes import accept as alternatives

log = logging.getLogger(__name__)
_JSON = "application/json"
_STREAMS = (f"{_JSON};stream=watch", f"{PROTOBUF};stream=watch")
_IN_STREAM = (410, 504)
"""What a watch is told in its stream: who got so far has asked rightly (pkg/storage/cacher: newErrWatcher)."""
_WARNINGS = web.RequestKey("warnings", list[str])
Page = Callable[[web.BaseRequest, RequestInfo], Awaitable[web.StreamResponse]]


class HttpApi:
    """:meth:`handle` answers a request. ``pages``: what is no resource, by path or the beginning of one."""

    def __init__(
        self, api: Api, kinds: Kinds, gate: Gate, pages: Mapping[str, Page], measures: Measures,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC), is_local: bool = True,
    ) -> None:  # fmt: skip
        self._api = api
        self._kinds = kinds
        self._gate = gate
        self._pages = pages
        self._measures = measures
        self._clock = clock
        self._limit = SameLimit(REQUEST_SECONDS)
        self.direct = Direct(api, kinds, gate, measures, clock, self._limit, is_local).answer
        self.connector: Connector = NoNodes()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request's answer; refusals are Status objects."""
        request[ANSWER_HEADERS] = {AUDIT_ID: audit_id(request.headers)}
        return await answered(request, self._dispatch, refuse, HEADERS, log)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        path, query, info = read(request.method, request.raw_path)
        began = time.perf_counter()
        user = self._gate.user(Claims.of(request.headers), connection_of(request), path)
        self._gate.allow(user, info, query)
        if not info.resource:
            page = self._page(path)
            return await page(request, info) if page is not None else no_page()
        served = self._kinds.served(info.group, info.version, info.resource)
        if served is None:
            if not self._kinds.has_routes(info.group):
                return no_page()
            raise status.no_such_path()
        agent = request.headers.get("User-Agent", "")
        call = call_of(info, served, user, query, self._clock(), agent, request.method == "HEAD")
        request[_WARNINGS] = call.warnings
        try:
            return await self._asked(call, request, began)
        except ConnectionError:
            raise
        except Exception as error:  # it is of a resource, and counts as those that are answered directly
            if call.is_of_kind:
                self._measures.count(info, refused(error).code, time.perf_counter() - began)
            raise

    async def _asked(self, call: Call, request: web.BaseRequest, began: float) -> web.StreamResponse:
        check(call)
        if call.info.subresource in NAMES:
            return await self._connect(call, request)
        if call.info.verb == "watch":
            return await self._watch(call, request)
        with self._limit():
            async with asyncio.timeout(own_seconds(call.query)):
                response = await self._answer(call, request)
        self._measures.count(call.info, response.status, time.perf_counter() - began)
        return response

    def _page(self, path: str) -> Page | None:
        pages = self._pages
        found = pages.get(path) or pages.get(path.rstrip("/"))
        if found is not None or not path.startswith("/"):  # a target of OPTIONS or CONNECT (RFC 9112 3.2)
            return found
        beginning = "/" + path.split("/", 2)[1]
        return pages.get(f"{beginning}/*")

    # Resources.

    async def _answer(self, call: Call, request: web.BaseRequest) -> web.StreamResponse:
        wanted = wanted_of(request.headers.get("Accept", ""), call)
        if call.info.verb == "list":
            if "list" not in call.served.kind.verbs:
                raise not_allowed(call)
            body = await self._api.reads.list(call, wanted)
            return await self._sent(request, call, wanted, body)
        if wanted.form is not Form.PLAIN and self._api.is_answered_by_document(call):
            raise status.not_acceptable(OF_OURS)
        call.content_type = request.headers.get("Content-Type", "")
        if request.body_exists:
            call.body = await _body(request)
        if call.info.verb == "deletecollection":
            deleted = await self._api.delete_collection(call)
            body = _list_of(call, deleted, self._api.watches.revision)
            return await self._sent(request, call, wanted, body)
        outcome = await self._api.do(call)
        return await self._sent(request, call, wanted, shaped(call, outcome, wanted), outcome.code)

    async def _sent(
        self, request: web.BaseRequest, call: Call, wanted: Wanted, body: bytes, code: int = 200
    ) -> web.StreamResponse:  # fmt: skip
        if wanted.media_type != _JSON:
            body = await self._api.writes.aside.do(written, body, wanted.media_type)
        return await sent(request, code, body, call.warnings, wanted.media_type)

    async def _watch(self, call: Call, request: web.BaseRequest) -> web.StreamResponse:
        if "watch" not in call.served.kind.verbs:
            raise not_allowed(call)
        wanted = wanted_of(request.headers.get("Accept", ""), call)
        if wanted.media_type == YAML:
            raise status.not_acceptable(_STREAMS[: 1 if call.served.kind.custom else 2])  # it has no end of a document
        content_type = _JSON if wanted.media_type == _JSON else f"{wanted.media_type};stream=watch"
        try:
            begun = await self._api.watches.begin(call)
        except status.StatusError as error:
            if error.code not in _IN_STREAM:
                raise
            return web.Response(body=error_event(error, wanted), headers={"Content-Type": content_type})
        headers = {**HEADERS, "Content-Type": content_type}
        response = web.StreamResponse(headers=with_warnings(headers, call.warnings))
        pieces = stream(
            begun, call.served, wanted, lambda: self._api.watches.revision, self._clock,
            call.query.get("includeObject", ""),
        )  # fmt: skip
        with self._measures.watching(call.resource), connection_of(request).cancelled_by_loss():
            try:
                await response.prepare(request)
                if request.method == "HEAD":
                    return response
                async for piece in pieces:
                    await response.write(piece)
            finally:
                begun.subscription.close()
                await pieces.aclose()
        return response

    async def _connect(self, call: Call, request: web.BaseRequest) -> web.StreamResponse:
        if call.info.subresource not in call.served.kind.subresources:
            raise status.no_such_path()
        about = named(call)
        entry = await self._api.reads.get(about)
        await self._api.writes.admit_connection(about, entry.object, call.info.subresource)
        return await self.connector.connect(call, entry.object, request)


def wanted_of(accept: str, call: Call) -> Wanted:
    """The form that the client asks for. Raises StatusError 406 when it cannot be given."""
    if not accept or accept == _JSON:
        return PLAIN
    if call.served.kind.custom:
        found = wanted(accept, accepted=OF_OTHERS)
    else:
        _check_route(accept, call.info.verb in ("list", "watch"))
        found = wanted(accept)
    return fitting(found, call.info.verb == "list")


def _check_route(accept: str, is_list: bool) -> None:
    """What upstream's router, which built-in kinds have, says of a header without any media type that is known."""
    if _JSON in accept or "*/*" in accept:  # as nearly always
        return
    if not any(clause.includes(each) for clause in alternatives(accept) for each in OF_OURS):
        found = ", ".join((*OF_OURS, *_STREAMS) if is_list else OF_OURS)
        raise status.no_route(406, "NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {found}")


def _go_on(request: web.BaseRequest) -> None:
    """Tell a client that waits for it (curl does, with a long body) to send the body (RFC 9110 10.1.1)."""
    if request.transport is not None and not request.transport.is_closing():
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _body(request: web.BaseRequest) -> bytes:
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise status.unsupported_media_type(("identity",))
    if request.headers.get("Expect", "").lower() == "100-continue" and not request.content.is_eof():
        _go_on(request)
    try:
        return await read_body(request, BODY_BYTES)
    except Invalid as error:
        raise too_large() from error


def _list_of(call: Call, entries: list[Entry], revision: int) -> bytes:
    meta = {"resourceVersion": str(revision)}
    head = encode(
        {"kind": f"{call.served.kind.kind}List", "apiVersion": str(call.served.group_version), "metadata": meta}
    )
    return b'%b,"items":[%b]}' % (head[:-1], b",".join(rendered(call.served, entry.raw) for entry in entries))


def refuse(request: web.BaseRequest, error: Exception) -> web.Response:
    """What a client is told of an error."""
    code, headers, body = refusal(request.method, request.raw_path, request.headers, error)
    warnings = request.get(_WARNINGS, ())
    return web.Response(status=code, body=body, headers=with_warnings(headers, warnings) if warnings else headers)


def render_error(code: int, message: str) -> web.Response:
    """Of what the HTTP parser refused."""
    reason = "BadRequest" if code < 500 else "InternalError"
    body = encode(status.StatusError(code, reason, message).status)
    return web.Response(status=code, body=body, headers={"Content-Type": _JSON})


__all__ = ["HttpApi", "Page", "refuse", "render_error"]
