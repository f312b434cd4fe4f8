"""Refusals in the specification's form: ``{"errors": [{"code", "message", "detail"}]}`` ("Error Codes")."""

import errno
from typing import Any

import msgspec
from aiohttp import web

from wherry.engine.registry.model import Code, OutOfOrder, Refused
from wherry.kit import errors

STATUS = {
    Code.BLOB_UNKNOWN: 404,
    Code.BLOB_UPLOAD_INVALID: 409,
    Code.BLOB_UPLOAD_UNKNOWN: 404,
    Code.DIGEST_INVALID: 400,
    Code.MANIFEST_BLOB_UNKNOWN: 404,
    Code.MANIFEST_INVALID: 400,
    Code.MANIFEST_UNKNOWN: 404,
    Code.NAME_INVALID: 400,
    Code.NAME_UNKNOWN: 404,
    Code.SIZE_INVALID: 400,
    Code.UNAUTHORIZED: 401,
    Code.DENIED: 403,
    Code.UNSUPPORTED: 405,
    Code.TOOMANYREQUESTS: 429,
    Code.TAG_INVALID: 400,
    Code.RANGE_INVALID: 416,
    Code.PAGINATION_NUMBER_INVALID: 400,
    Code.UNAVAILABLE: 503,
}

_OTHERS = (
    (errors.Unavailable, 503, Code.UNAVAILABLE),
    (errors.Invalid, 400, Code.UNSUPPORTED),
    (errors.NotFound, 404, Code.BLOB_UNKNOWN),
    (errors.Conflict, 409, Code.BLOB_UPLOAD_INVALID),
)


class TooLarge(Refused):
    """A manifest beyond what registries agree to take ("Pushing Manifests": 413)."""


class Challenged(Refused):
    """Nobody vouches for the client, or not for this; ``challenge`` says how to do better (RFC 9110 §11.6.1)."""

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(Code.UNAUTHORIZED, message)
        self.challenge = challenge


def render(error: Exception) -> web.Response:
    """The answer to a refused request. What nobody foresaw is a 500 that tells nothing of the inside."""
    if isinstance(error, Refused):
        response = _response(_status(error), error.code, error.message, error.detail)
        if isinstance(error, Challenged):
            response.headers["WWW-Authenticate"] = error.challenge
        return response
    for kind, status, code in _OTHERS:
        if isinstance(error, kind):
            return _response(status, code, str(error))
    if is_full(error):
        return _response(503, Code.UNAVAILABLE, "no space left on device")
    return render_unparsed(500, "internal error")


def _status(error: Refused) -> int:
    if isinstance(error, TooLarge):
        return 413
    # A chunk out of order is 416; any other error of a range is one of the request's form.
    if error.code is Code.RANGE_INVALID and not isinstance(error, OutOfOrder):
        return 400
    return STATUS[error.code]


def render_unparsed(status: int, message: str) -> web.Response:
    """What the HTTP parser refused, or a fault of the server."""
    body = {"errors": [{"code": "UNKNOWN" if status >= 500 else Code.UNSUPPORTED.value, "message": message}]}
    return _json(status, body)


def is_full(error: Exception) -> bool:
    """A disk without room: nobody's fault."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_foreseen(error: Exception) -> bool:
    """True for refusals that need no traceback in the log."""
    return isinstance(error, errors.WherryError) or is_full(error)


def _response(status: int, code: Code, message: str, detail: Any = None) -> web.Response:  # Any: what JSON can say
    entry = {"code": code.value, "message": message, **({"detail": detail} if detail else {})}
    return _json(status, {"errors": [entry]})


def _json(status: int, document: dict[str, Any]) -> web.Response:
    body = msgspec.json.encode(document) + b"\n"
    return web.Response(status=status, body=body, headers={"Content-Type": "application/json"})
