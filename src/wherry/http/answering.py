"""Answering a request whatever happens: the outermost frame of every face."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Dispatch = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Refuse = Callable[[web.BaseRequest, Exception], web.StreamResponse]
"""What a client is told of an error."""


async def answered(
    request: web.BaseRequest, dispatch: Dispatch, refuse: Refuse, headers: Mapping[str, str], log: logging.Logger
) -> web.StreamResponse:
    """The response of ``dispatch``, or the refusal of what it raises, with those ``headers`` that it has not, unless it
    is on the wire.

    Raises nothing but what ends the connection: CancelledError, ConnectionError.
    """
    try:
        response = await dispatch(request)
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:
        response = refuse(request, error)
    if log.isEnabledFor(logging.DEBUG):
        log.debug("%s %s %s", request.method, request.raw_path, response.status)
    if not response.prepared:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
    return response
