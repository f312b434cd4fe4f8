"""A request, and what every answer to it has in its head."""

from typing import Any

from aiohttp import hdrs, web
from aiohttp.http import SERVER_SOFTWARE

ANSWER_HEADERS = web.RequestKey("answer headers", dict[str, str])
"""Of whoever answers, and however: also of streams, and of refusals by those who know nothing of it."""


class Request(web.BaseRequest):
    """aiohttp's, whose answers do not tell which versions of what are at work here."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        """Called by the response with its head complete, just before that is written."""
        headers: Any = response.headers  # a CIMultiDict
        if headers.get(hdrs.SERVER) == SERVER_SOFTWARE:
            del headers[hdrs.SERVER]
        if self.method == hdrs.METH_HEAD:
            self._payload_writer.length = 0  # a stream's pieces would be taken for the next answer
        found = self.get(ANSWER_HEADERS)
        if found is not None:
            headers.update(found)
