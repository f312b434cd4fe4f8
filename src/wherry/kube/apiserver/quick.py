"""GET of one object, answered where it is read.

The commonest question of controllers and programs, and one that memory can answer: it goes through the same gate and
the same read as every other request, without a task, a request and a response of aiohttp's, which cost three times as
much. Whatever is not plain (parameters, other forms, refusals, what has to wait) is left to
:class:`wherry.kube.apiserver.server.HttpApi`.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from aiohttp.http_parser import RawRequestMessage

from wherry.http.connection import Connection
from wherry.http.ready import head
from wherry.kit.tasks import at_once
from wherry.kube.apiserver.api import Api
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.gate import Gate
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.apiserver.measuring import Measures
from wherry.kube.apiserver.rendering import rendered
from wherry.kube.apiserver.requestinfo import parse
from wherry.kube.apiserver.sending import AUDIT_ID, GZIP_BYTES, HEADERS, audit_id, is_for_people
from wherry.kube.machinery.mediatypes import JSON

log = logging.getLogger(__name__)
_PLAIN = frozenset(("", "*/*", "application/json", "application/json, */*", "application/json,*/*"))
_SUBRESOURCES = frozenset(("", "status", "scale"))
_NO_QUERY: Mapping[str, str] = {}


class QuickReads:
    """See the module. :meth:`answer` is a :data:`wherry.http.connection.Quick`."""

    def __init__(
        self, api: Api, kinds: Kinds, gate: Gate, measures: Measures, clock: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._api = api
        self._kinds = kinds
        self._gate = gate
        self._measures = measures
        self._clock = clock

    def answer(self, message: RawRequestMessage, connection: Connection) -> bytes | None:
        """The whole answer; None when it is not for us."""
        path, headers = message.path, message.headers
        if message.method != "GET" or "?" in path or "%" in path or headers.get("Accept", "") not in _PLAIN:
            return None
        if is_for_people(path, headers):
            return None
        info = parse("GET", path, _NO_QUERY)
        if info.verb != "get" or not info.name or info.subresource not in _SUBRESOURCES:
            return None
        served = self._kinds.served(info.group, info.version, info.resource)
        if served is None or served.version.deprecation_warning:
            return None
        began = time.perf_counter()
        try:
            user = at_once(self._gate.user(headers, connection.certificate, path))
            self._gate.allow(user, info, _NO_QUERY)
            outcome = at_once(self._api.do(Call(info, served, user, self._clock())))
        except Exception:
            return None  # it is tried again, and whatever that comes to is answered
        if outcome.document is not None or len(outcome.raw) >= GZIP_BYTES:
            return None
        body = rendered(served, outcome.raw)
        self._measures.count(info, 200, time.perf_counter() - began)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("GET %s 200", path)
        fields = {"Content-Type": JSON, **HEADERS, AUDIT_ID: audit_id(headers)}
        return head(200, fields, len(body)) + body
