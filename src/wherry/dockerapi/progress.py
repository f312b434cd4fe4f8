"""Long operations on images, told while they run: Docker's stream of JSON messages."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.errors import message_of
from wherry.http.streams import Stream, closing
from wherry.kit.errors import WherryError


async def send_progress(call: Call, messages: AsyncIterator[dict[str, Any]]) -> web.StreamResponse:
    """Send messages as they come; the operation ends when the client goes.

    What fails before the first message is a refusal with its status; later it is a message.
    """
    stream: Stream | None = None
    try:
        with call.connection.cancelled_by_loss():
            async with closing(messages):
                async for message in messages:
                    stream = stream or await call.stream()
                    await stream.send_json(message)
    except (WherryError, OSError) as error:
        if stream is None or isinstance(error, ConnectionError):
            raise
        text = message_of(error)
        # Without a code, as dockerd: of 401, which is the registry's, the docker CLI would tell as of its own.
        await stream.send_json({"errorDetail": {"message": text}, "error": text})
    stream = stream or await call.stream()
    return stream.response
