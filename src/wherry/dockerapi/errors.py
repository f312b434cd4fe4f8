"""One table from errors to Docker's statuses, and the form of every refusal."""

import errno

from aiohttp import web

from wherry.engine.runtime.model import StartFailed
from wherry.http.documents import encode
from wherry.kit import errors

STATUS: dict[type[Exception], int] = {
    errors.NotModified: 304,
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.Conflict: 409,
    errors.Expired: 410,
    errors.TooManyRequests: 429,
    errors.Unsupported: 501,
    errors.Unavailable: 503,
    StartFailed: 400,
}

FULL = (errno.ENOSPC, errno.EDQUOT)


def status_of(error: Exception) -> int:
    """The status of an error; 500 for what nobody foresaw."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def is_foreseen(error: Exception) -> bool:
    """True for refusals that are no fault of the program and need no traceback in its log."""
    return status_of(error) != 500 or (isinstance(error, OSError) and error.errno in FULL)


def message_of(error: Exception) -> str:
    """What the client is told; never empty."""
    return str(error) or type(error).__name__


def render_error(status: int, message: str) -> web.Response:
    """A refusal in Docker's form. The content type is exact: the docker CLI compares it for equality."""
    body = encode({"message": message}) + b"\n"
    if status == 304:
        return web.Response(status=status)
    return web.Response(status=status, body=body, headers={"Content-Type": "application/json"})
