"""From a request to its handler and back: path, strangers, rights, the switches, errors, common headers."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from wherry.engine.registry.model import Code, OutOfOrder, Refused
from wherry.engine.registry.names import check_name
from wherry.engine.registry.registry import Registry
from wherry.http.answering import answered
from wherry.registryapi import paths, strangers
from wherry.registryapi.access import CATALOG, Access, Guard
from wherry.registryapi.blobs import BlobEndpoints
from wherry.registryapi.call import HEADERS, Call, location
from wherry.registryapi.errors import is_foreseen, render, render_unparsed
from wherry.registryapi.listing import ListEndpoints
from wherry.registryapi.manifests import ManifestEndpoints
from wherry.registryapi.paths import Kind
from wherry.registryapi.uploads import UploadEndpoints, received

log = logging.getLogger(__name__)

Answer = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Rules:
    """The registry's switches. ``own_name``: see :func:`wherry.registryapi.strangers.check`."""

    read_only: bool = False
    allow_delete: bool = False
    own_name: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What a method on a kind of thing is: the rights it needs on the repository, and which switch may forbid it."""

    actions: tuple[str, ...]
    changes: bool = False
    deletes: bool = False


_READ = Operation(("pull",))
_PUSH = Operation(("pull", "push"), changes=True)
_DELETE = Operation(("delete",), changes=True, deletes=True)

OPERATIONS: Mapping[tuple[Kind, str], Operation] = {
    (Kind.BASE, "GET"): Operation(()),
    (Kind.CATALOG, "GET"): Operation(()),
    (Kind.TAGS, "GET"): _READ,
    (Kind.REFERRERS, "GET"): _READ,
    (Kind.MANIFEST, "GET"): _READ,
    (Kind.MANIFEST, "PUT"): _PUSH,
    (Kind.MANIFEST, "DELETE"): _DELETE,
    (Kind.BLOB, "GET"): _READ,
    (Kind.BLOB, "DELETE"): _DELETE,
    (Kind.UPLOADS, "POST"): _PUSH,
    (Kind.UPLOAD, "GET"): _PUSH,
    (Kind.UPLOAD, "PATCH"): _PUSH,
    (Kind.UPLOAD, "PUT"): _PUSH,
    (Kind.UPLOAD, "DELETE"): _PUSH,
}


class RegistryApi:
    """The one handler of the server."""

    def __init__(self, registry: Registry, guard: Guard, rules: Rules) -> None:
        self._guard = guard
        self._rules = rules
        blobs, manifests = BlobEndpoints(registry.blobs), ManifestEndpoints(registry.manifests)
        uploads, lists = UploadEndpoints(registry.uploads, registry.blobs), ListEndpoints(registry.manifests)
        self._answers: Mapping[tuple[Kind, str], Answer] = {
            (Kind.BASE, "GET"): self._base,
            (Kind.CATALOG, "GET"): lists.catalog,
            (Kind.TAGS, "GET"): lists.tags,
            (Kind.REFERRERS, "GET"): lists.referrers,
            (Kind.MANIFEST, "GET"): manifests.get,
            (Kind.MANIFEST, "PUT"): manifests.put,
            (Kind.MANIFEST, "DELETE"): manifests.delete,
            (Kind.BLOB, "GET"): blobs.get,
            (Kind.BLOB, "DELETE"): blobs.delete,
            (Kind.UPLOADS, "POST"): uploads.begin,
            (Kind.UPLOAD, "GET"): uploads.status,
            (Kind.UPLOAD, "PATCH"): uploads.append,
            (Kind.UPLOAD, "PUT"): uploads.finish,
            (Kind.UPLOAD, "DELETE"): uploads.cancel,
        }

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request; raises nothing but what ends the connection."""
        return await answered(request, self._dispatch, self._refuse, HEADERS, log)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if request.version.major != 1:
            return render_unparsed(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
        strangers.check(request.headers, self._rules.own_name)
        target = paths.parse(path)
        if target is None:
            return render_unparsed(404, "there is no such path in a registry")
        key = (target.kind, "GET" if request.method == "HEAD" else request.method)
        operation = OPERATIONS.get(key)
        if operation is None:
            return _not_allowed(target.kind, f"{request.method} is not allowed here")
        call = Call(request, target, query)
        await self._guard.admit(request.headers.get("Authorization"), _wanted(call, operation))
        if self._rules.read_only and operation.changes:
            return _not_allowed(target.kind, "this registry is read-only")
        if operation.deletes and not self._rules.allow_delete:
            return _not_allowed(target.kind, "this registry does not delete")
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await self._answers[key](call)

    @staticmethod
    async def _base(call: Call) -> web.StreamResponse:
        """GET /v2/ ("Determining Support")."""
        return web.Response(body=b"{}", headers={"Content-Type": "application/json"})

    @staticmethod
    def _refuse(request: web.BaseRequest, error: Exception) -> web.StreamResponse:
        if not is_foreseen(error):
            log.error("%s %s failed", request.method, request.raw_path, exc_info=error)
        if request.writer.output_size > 0:
            raise ConnectionResetError("the answer has begun; the connection must end") from error
        response = render(error)
        if isinstance(error, OutOfOrder):
            target = paths.parse(request.raw_path.partition("?")[0])
            assert target is not None
            response.headers["Location"] = location(target.name, "blobs", "uploads", target.reference)
            response.headers["Range"] = received(error.offset)
        return response


def _wanted(call: Call, operation: Operation) -> Sequence[Access]:
    """The rights that a request needs. A mount reads another repository: it needs the right to."""
    if call.target.kind is Kind.CATALOG:
        return [CATALOG]
    if not operation.actions:
        return []
    wanted = [Access("repository", call.name, operation.actions)]
    source = call.parameter("from")
    if call.target.kind is Kind.UPLOADS and source and call.parameter("mount"):
        wanted.append(Access("repository", check_name(source), ("pull",)))
    return wanted


def _not_allowed(kind: Kind, message: str) -> web.Response:
    response = render(Refused(Code.UNSUPPORTED, message))
    methods = {method for one, method in OPERATIONS if one is kind}
    response.headers["Allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    return response
