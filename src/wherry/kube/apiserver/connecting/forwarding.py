"""A client's request passed on over a connection of its own, and what comes back: an answer, or another protocol."""

import asyncio
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDict

from wherry.http import exchange
from wherry.http.duplex import Wire, copy
from wherry.http.frames import Frames
from wherry.http.heads import Fields, Head, answer, end_to_end
from wherry.http.hijack import TakenOver
from wherry.http.streams import closing, connection_of
from wherry.http.takeover import taken_over, upgrade_of
from wherry.kube.machinery import status

HEAD_SECONDS = 30.0
"""For the answer to an upgrade."""
REFUSAL_BYTES = 64 << 10
_OWN = ("authorization", "cookie", "expect", "host", "impersonate-", "proxy-", "x-remote-", "x-forwarded-")
"""Of the client, for this server alone: beginnings of names, all in lower case. Cookies, too: clients of the API have
none, and a browser's are not for whoever runs a pod."""
_BEARER = "base64url.bearer.authorization.k8s.io."
"""A token in place of a WebSocket protocol (apiserver pkg/authentication/request/websocket)."""
_NEGOTIATION = ("sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol", "x-stream-protocol-version")
Relocate = Callable[[str], str]


def fields_of(request: web.BaseRequest, host: str) -> Fields:
    """Those of a request that are for whoever answers it."""
    given = [(name, value) for name, value in request.headers.items() if not name.lower().startswith(_OWN)]
    return [("Host", host), *_without_tokens(end_to_end(given))]


def upgrade_fields(request: web.BaseRequest) -> Fields:
    """What an upgrade is asked with, and no more."""
    named = [(name, value) for name, value in request.headers.items() if name.lower() in _NEGOTIATION]
    found: Fields = [("Connection", "Upgrade"), ("Upgrade", request.headers.get("Upgrade", ""))]
    if request.method != "GET":
        found.append(("Content-Length", "0"))
    return [*found, *_without_tokens(named)]


def _without_tokens(fields: Iterable[tuple[str, str]]) -> Fields:
    found: Fields = []
    for name, value in fields:
        if name.lower() == "sec-websocket-protocol":
            kept = [each.strip() for each in value.split(",") if not each.strip().startswith(_BEARER)]
            if not kept:
                continue
            value = ", ".join(kept)
        found.append((name, value))
    return found


async def tunnel(request: web.BaseRequest, wire: Wire, target: str, fields: Fields) -> web.StreamResponse:
    """Ask for an upgrade and, when it is granted, pass on every byte either way until one side goes. Any other answer
    is passed on, and is the last on the client's connection. Owns ``wire``. Raises StatusError, ConnectionError."""
    try:
        head = await _upgraded(wire, request, target, fields)
        if head.status != 101:
            return await _refusal(wire, head, request)
        async with taken_over(request, answer(101, head.reason, _upgrade_answer(head))) as client:
            await _splice(client, wire, Frames() if upgrade_of(request) == "websocket" else None)
        return TakenOver()
    except exchange.Failed as error:
        raise status.internal_error(f"error dialing backend: {error}") from error
    finally:
        wire.close(patient=False)  # a node that has stopped reading must hear that the client has gone


async def _upgraded(wire: Wire, request: web.BaseRequest, target: str, fields: Fields) -> Head:
    try:
        async with asyncio.timeout(HEAD_SECONDS):
            await exchange.ask(wire, request.method, target, fields)
            head = await exchange.head(wire)
    except TimeoutError as error:
        raise exchange.Failed("the request for an upgrade was not answered in time") from error
    if 300 <= head.status < 400:
        raise status.internal_error("the backend answered an upgrade with a redirect, which is not followed")
    if head.status == 101 and head.get("upgrade").lower() != upgrade_of(request):
        raise status.internal_error("the backend upgraded to another protocol than was asked for")
    return head


def _upgrade_answer(head: Head) -> Fields:
    """The backend's, with the two that are hop-by-hop."""
    return [("Connection", "Upgrade"), ("Upgrade", head.get("upgrade")), *end_to_end(head.fields)]


async def _refusal(wire: Wire, head: Head, request: web.BaseRequest) -> web.Response:
    content = await exchange.whole(wire, head, request.method, REFUSAL_BYTES)
    headers = _answer_headers(head, _as_it_is)
    headers.popall("Content-Length", None)
    response = web.Response(status=head.status, reason=head.reason, body=content, headers=headers)
    response.force_close()
    return response


async def _splice(one: Wire, two: Wire, frames: Frames | None) -> None:
    """Until either side ends or goes. What one side has said before its end goes on to the other; when one breaks off,
    so does the other. ``frames``: those that ``one`` gets."""
    back = copy(two, one) if frames is None else _copy_frames(two, one, frames)
    tasks = [asyncio.create_task(each) for each in (copy(one, two), back, one.lost(), two.lost())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if any(task in tasks[2:] or task.exception() is not None for task in done):
            one.abort()
            two.abort()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy_frames(source: Wire, target: Wire, frames: Frames) -> None:
    """As :func:`copy`, with no two frames in one record of TLS: a client that waits for its socket to be readable does
    not see what TLS has read already, and hangs (older official Python clients, Ansible's ``k8s_cp``). Upstream never
    has two in one, as Go writes each frame by itself and passes records on one by one."""
    while data := await source.read():
        for piece in frames.split(data):
            await target.write(piece)


async def passed_on(
    request: web.BaseRequest, wire: Wire, target: str, fields: Fields, relocate: Relocate | None = None
) -> web.StreamResponse:
    """The answer to the same request, body and all, as it comes. Owns ``wire``.

    ``relocate`` changes where a redirect leads; None: there must be none. Raises StatusError, ConnectionError.
    """
    body = request.content.iter_any() if request.body_exists else None
    fields = [*fields, ("Connection", "close")]
    with connection_of(request).cancelled_by_loss():
        sending = asyncio.create_task(exchange.ask(wire, request.method, target, fields, body))
        try:
            head = await _head(wire, sending)
            if relocate is None and 300 <= head.status < 400 and head.status != 304:
                raise status.internal_error("the backend answered with a redirect, which is not followed")
            return await _pass_back(request, wire, head, relocate or _as_it_is)
        except exchange.Failed as error:
            raise _unless_begun(request, status.internal_error(f"error trying to reach backend: {error}")) from error
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            wire.close()


async def _head(wire: Wire, sending: "asyncio.Task[None]") -> Head:
    """Who answers before it has read all is heard, too."""
    heading = asyncio.create_task(exchange.head(wire))
    try:
        await asyncio.wait({heading, sending}, return_when=asyncio.FIRST_COMPLETED)
        failed = sending.exception() if sending.done() and not heading.done() else None
        if failed is not None and not isinstance(failed, exchange.Failed):
            raise status.bad_request("the request's body broke off") from failed
        return await heading
    finally:
        heading.cancel()
        await asyncio.gather(heading, return_exceptions=True)


async def _pass_back(request: web.BaseRequest, wire: Wire, head: Head, relocate: Relocate) -> web.StreamResponse:
    response = web.StreamResponse(status=head.status, reason=head.reason, headers=_answer_headers(head, relocate))
    await response.prepare(request)
    async with closing(exchange.body(wire, head, request.method)) as pieces:
        async for piece in pieces:
            await response.write(piece)
    await response.write_eof()
    return response


def _unless_begun(request: web.BaseRequest, error: status.StatusError) -> Exception:
    """When part of the answer is with the client, all that can be done is to break off."""
    if request.writer is not None and request.writer.output_size > 0:
        return ConnectionResetError(error.message)
    return error


def _answer_headers(head: Head, relocate: Relocate) -> "CIMultiDict[str]":
    """Access-Control-… of a pod would be taken for the API's own (CORS)."""
    found: CIMultiDict[str] = CIMultiDict()
    for name, value in end_to_end(head.fields):
        lower = name.lower()
        if lower.startswith("access-control-") or (lower == "content-length" and head.is_chunked):
            continue
        found.add(name, relocate(value) if lower == "location" else value)
    return found


def _as_it_is(location: str) -> str:
    return location


def relocated(prefix: str, host: str) -> Relocate:
    """Redirects within ``host`` lead through ``prefix`` again, others where they say
    (apimachinery pkg/util/proxy: Transport)."""

    def relocate(location: str) -> str:
        try:
            parts = urlsplit(location)
        except ValueError:
            return location
        if parts.netloc not in ("", host) or (not parts.netloc and not parts.path.startswith("/")):
            return location
        rest = f"?{parts.query}" if parts.query else ""
        return f"{prefix}{parts.path or '/'}{rest}"

    return relocate
