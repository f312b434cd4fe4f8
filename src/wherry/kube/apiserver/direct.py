"""Requests about one object, answered directly (:mod:`wherry.http.direct`).

They are what controllers, programs and ``kubectl apply`` send most: get, create, update, patch, delete, with a JSON
answer. They go through the same gate and the same operations as every other request, and without aiohttp's request,
response and tasks, which cost more than most of them do. Whatever is not plain (other forms, lists, streams, pages) is
left to :class:`wherry.kube.apiserver.server.HttpApi`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from aiohttp.http_parser import RawRequestMessage
from multidict import CIMultiDictProxy

from wherry.http.direct import DirectConnection
from wherry.http.plain import RequestHead
from wherry.http.ready import beginning, whole
from wherry.kit.tasks import SameLimit, WouldWait, at_once
from wherry.kube.apiserver.api import Api
from wherry.kube.apiserver.asking import call_of, check, read
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.gate import Claims, Gate
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.apiserver.measuring import Measures
from wherry.kube.apiserver.refusing import BODY_BYTES, refusal, too_large
from wherry.kube.apiserver.rendering import shaped
from wherry.kube.apiserver.sending import (
    AUDIT_ID,
    COMPRESSED,
    GZIP_BYTES,
    HEADERS,
    PEOPLE,
    compressed,
    given_audit_id,
    is_much,
    with_warnings,
)
from wherry.kube.apiserver.subresources.streams import NAMES as STREAMS
from wherry.kube.machinery.mediatypes import JSON, PLAIN
from wherry.kube.machinery.uids import random_uid

log = logging.getLogger(__name__)
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_VERBS = frozenset(("get", "create", "update", "patch", "delete"))
_ACCEPTED = frozenset(("", "*/*", "application/json", "application/json, */*", "application/json,*/*"))
_FIELDS = {"Content-Type": JSON, **HEADERS}
_COMPRESSED = {**_FIELDS, **COMPRESSED}
_AT_HAND = ("", "0")
"""Of what revision an object may be that is asked for, where that need not be waited for (which takes a task)."""


class Direct:
    """See the module. :meth:`answer` is a :data:`wherry.http.direct.Direct`."""

    def __init__(
        self, api: Api, kinds: Kinds, gate: Gate, measures: Measures, clock: Callable[[], datetime], limit: SameLimit,
        is_local: bool,
    ) -> None:  # fmt: skip
        """``is_local``: the store need not be asked what is the newest."""
        self._api = api
        self._kinds = kinds
        self._gate = gate
        self._measures = measures
        self._clock = clock
        self._limit = limit
        self._is_local = is_local

    def answer(
        self, head: RequestHead, body: bytes, connection: DirectConnection
    ) -> bytes | Coroutine[Any, Any, bytes] | None:  # fmt: skip
        """The whole answer, or what comes to it; None when it is not for us."""
        said: Said | None = head.found
        if said is None:
            said = head.found = Said.of(head.message)
        if not said.is_usual:
            return None
        asking = Asking(said, time.perf_counter())
        try:
            path, query, info = read(said.method, said.target)
            if info.verb not in _VERBS or not info.resource or info.subresource in STREAMS or "timeout" in query:
                return None
            served = self._kinds.served(info.group, info.version, info.resource)
            if served is None:
                return None
            user = self._gate.user(said.claims, connection, path)
            self._gate.allow(user, info, query)
            call = asking.call = call_of(info, served, user, query, self._clock(), said.agent)
            check(call)
            if info.verb == "get" and self._is_local and query.get("resourceVersion", "") in _AT_HAND:
                outcome = at_once(self._api.do(call))
                if len(outcome.raw) < GZIP_BYTES or "Accept-Encoding" not in said.headers:
                    return self._answered(asking, outcome.code, shaped(call, outcome, PLAIN))
                return None
        except WouldWait:
            pass
        except Exception as error:
            return self._refused(asking, error)
        call.body = body
        call.content_type = said.content_type
        return self._done(asking, call, connection)

    async def _done(self, asking: "Asking", call: Call, connection: DirectConnection) -> bytes:
        try:
            if len(call.body) > BODY_BYTES:
                raise too_large()
            self._limit.begin(connection, connection.loop)
            try:
                outcome = await self._api.do(call)
            except asyncio.CancelledError as error:
                if connection.has_expired():
                    raise TimeoutError from error
                raise
            finally:
                self._limit.running.pop(connection, None)
            body = shaped(call, outcome, PLAIN)
            if is_much(body, asking.said.headers):
                return self._answered(asking, outcome.code, await compressed(body), _COMPRESSED)
            return self._answered(asking, outcome.code, body)
        except Exception as error:
            return self._refused(asking, error)

    def _answered(self, asking: "Asking", code: int, body: bytes, fields: Mapping[str, str] = _FIELDS) -> bytes:
        assert asking.call is not None
        if asking.call.warnings:
            fields = with_warnings(fields, asking.call.warnings)
        return self._sent(asking, code, fields, body)

    def _refused(self, asking: "Asking", error: Exception) -> bytes:
        said = asking.said
        code, fields, body = refusal(said.method, said.target, said.headers, error)
        told: Mapping[str, str] = {**fields, **HEADERS}
        if asking.call is not None and asking.call.warnings:
            told = with_warnings(told, asking.call.warnings)
        return self._sent(asking, code, told, body)

    def _sent(self, asking: "Asking", code: int, fields: Mapping[str, str], body: bytes) -> bytes:
        call = asking.call
        if call is not None and call.is_of_kind:
            self._measures.count(call.info, code, time.perf_counter() - asking.began)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s %s", asking.said.method, asking.said.target, code)
        start = _usual(code) if fields is _FIELDS else beginning(code, fields)
        return whole(start, AUDIT_ID, asking.said.audit_id or random_uid(), body)


@lru_cache
def _usual(code: int) -> bytes:
    return beginning(code, _FIELDS)


class Said(msgspec.Struct, frozen=True):
    """What a request's head says. ``is_usual``: its answer can be one of ours; ``audit_id`` empty: it has none."""

    is_usual: bool
    method: str
    target: str
    headers: CIMultiDictProxy[str]
    claims: Claims
    agent: str
    content_type: str
    audit_id: str

    @classmethod
    def of(cls, message: RawRequestMessage) -> "Said":
        headers, target, method = message.headers, message.path, message.method
        agent = headers.get("User-Agent", "")
        is_usual = method in _METHODS and headers.get("Accept", "") in _ACCEPTED and "Content-Encoding" not in headers
        is_usual = is_usual and not agent.startswith(PEOPLE) and "pretty=" not in target
        claims, content_type = Claims.of(headers), headers.get("Content-Type", "")
        return cls(is_usual, method, target, headers, claims, agent, content_type, given_audit_id(headers))


class Asking(msgspec.Struct):
    """A request. ``call`` None: it did not come to that."""

    said: Said
    began: float
    call: Call | None = None
