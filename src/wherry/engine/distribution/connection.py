"""Requests to one registry: with the user's proof, through its redirects, and its refusals as errors."""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from wherry.engine.distribution.authorizer import Authorizer, Scopes
from wherry.engine.distribution.challenge import parse
from wherry.engine.distribution.endpoints import Endpoint
from wherry.engine.distribution.refusals import BODY_LIMIT_BYTES, Refused, refused
from wherry.http import certificates
from wherry.http.client import Answer, BrokenOff, HttpClient, Request
from wherry.http.urls import Origin
from wherry.kit.errors import Forbidden, Invalid, Unauthenticated

Body = bytes | Callable[[], AsyncIterable[bytes]]
"""What is sent; a function where it may have to be sent again."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_PROOFS = 3
"""Requests until the registry must be content: without proof, with one, with a fresh one."""


@dataclass(frozen=True, slots=True)
class Call:
    """``target`` is a path of the registry, or the address of an upload that it gave. ``scopes``: what it is for."""

    method: str
    target: str
    scopes: Scopes = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    stall_seconds: float | None = None

    @property
    def may_move(self) -> bool:
        """Whether a redirect is followed: nothing is sent along that could be lost."""
        return self.method in ("GET", "HEAD")


class Connection:
    """``tls`` is for the registry itself (None where it has no TLS); whom it redirects to is verified as anybody is."""

    def __init__(
        self, http: HttpClient, endpoint: Endpoint, authorizer: Authorizer, tls: ssl.SSLContext | None = None
    ) -> None:
        self._http = http
        self.endpoint = endpoint
        self.authorizer = authorizer
        self._tls = tls

    async def reach(self) -> None:
        """Find out whether anybody speaks HTTP there, whatever the answer. Raises NoAnswer."""
        call = Call("GET", "/v2/")
        async with self._http.send(self._request(call, self._url(call))):
            pass

    @asynccontextmanager
    async def send(self, call: Call, *accepted: int) -> AsyncIterator[Answer]:
        """The answer, of a status below 300 or one of ``accepted``.

        Raises Refused for others, NoAnswer, Unauthenticated, Forbidden (a redirect to where it is not safe), Invalid.
        """
        async with AsyncExitStack() as stack:
            answer = await self._authorized(stack, call)
            for _ in range(_HOPS):
                if answer.status not in _REDIRECTS or answer.status in accepted:
                    break
                answer = await self._redirected(stack, call, answer)
            if answer.status in _REDIRECTS and answer.status not in accepted:
                raise Invalid(f"{answer.request}: redirected more than {_HOPS} times")
            if answer.status >= 300 and answer.status not in accepted:
                raise await _refusal(answer)
            yield answer

    def _url(self, call: Call) -> str:
        return self.endpoint.url + call.target if call.target.startswith("/") else call.target

    async def _authorized(self, stack: AsyncExitStack, call: Call) -> Answer:
        """The registry's answer, having shown what it asks for."""
        url = self._url(call)
        own = Origin.of(url) == self.endpoint.origin
        for proof in range(_PROOFS):
            header = await self.authorizer.header(call.scopes) if own else None
            request = self._request(call, url, header)
            answer = await stack.enter_async_context(self._http.send(request))
            if answer.status != 401 or not own or proof == _PROOFS - 1:
                break
            try:
                if not self.authorizer.challenged(parse(answer.fields("WWW-Authenticate")), header, call.scopes):
                    break
            except Unauthenticated as error:
                raise Unauthenticated(f"{request}: {error.message}") from error
            await _drop(stack, answer)
        return answer

    def _request(self, call: Call, url: str, authorization: str | None = None) -> Request:
        """Only for the registry itself with ``authorization``, and with its TLS."""
        headers = {**call.headers, "Authorization": authorization} if authorization else call.headers
        origin = Origin.of(url)
        tls = None
        if origin.is_secure:
            tls = self._tls if origin == self.endpoint.origin else certificates.default()
        body = call.body() if callable(call.body) else call.body
        return Request(call.method, url, headers, body, tls, call.stall_seconds)

    async def _redirected(self, stack: AsyncExitStack, call: Call, answer: Answer) -> Answer:
        """One hop further. What is not the registry gets none of its user's proofs, and its challenges no answer."""
        if not call.may_move:
            raise Invalid(f"{answer.request}: redirected ({answer.reason}), which is not followed with what is sent")
        url = answer.location()
        if Origin.of(answer.request.url).is_secure and not Origin.of(url).is_secure:
            raise Forbidden(f"{answer.request}: redirected from https to {Origin.of(url)}, which is not followed")
        await _drop(stack, answer)
        if Origin.of(url) == self.endpoint.origin:
            return await self._authorized(stack, replace(call, target=url))
        return await stack.enter_async_context(self._http.send(self._request(call, url)))


async def _drop(stack: AsyncExitStack, answer: Answer) -> None:
    """Finish with an answer nobody wants, so that its connection serves again; an endless one is cut off."""
    try:
        await answer.read(BODY_LIMIT_BYTES)
    except (Invalid, BrokenOff):
        pass
    await stack.aclose()


async def _refusal(answer: Answer) -> Refused:
    try:
        body = await answer.read(BODY_LIMIT_BYTES)
    except (Invalid, BrokenOff):
        body = b""
    return refused(answer.status, answer.reason, answer.headers, body)
