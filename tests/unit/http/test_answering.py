"""Whatever a face raises, its client gets an answer, with the headers of that face."""

import asyncio
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from wherry.http.answering import answered

HEADERS = {"Server": "mine"}
LOG = logging.getLogger(__name__)


def refuse(request: web.BaseRequest, error: Exception) -> web.StreamResponse:
    return web.Response(status=500, text=f"{request.path}: {error}")


async def answer_of(error: BaseException | None, response: web.StreamResponse | None = None) -> web.StreamResponse:
    async def dispatch(request: web.BaseRequest) -> web.StreamResponse:
        if error is not None:
            raise error
        return response or web.Response(status=204)

    return await answered(make_mocked_request("GET", "/x"), dispatch, refuse, HEADERS, LOG)


async def test_answers_and_refusals_have_the_faces_headers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, LOG.name)
    for error, status in ((None, 204), (ValueError("broken"), 500)):
        response = await answer_of(error)
        assert (response.status, response.headers["Server"]) == (status, "mine")
    assert isinstance(response, web.Response)
    assert response.text == "/x: broken"
    assert [record.getMessage() for record in caplog.records] == ["GET /x 204", "GET /x 500"]


async def test_a_header_that_an_answer_has_stays() -> None:
    assert (await answer_of(None, web.Response(headers={"Server": "its own"}))).headers.getall("Server") == ["its own"]


async def test_what_is_on_the_wire_stays_as_it_is() -> None:
    response = web.StreamResponse()
    await response.prepare(make_mocked_request("GET", "/x"))
    assert "mine" not in (await answer_of(None, response)).headers.values()


@pytest.mark.parametrize("error", [ConnectionResetError(), asyncio.CancelledError()])
async def test_the_end_of_a_connection_is_nobodys_to_answer(error: BaseException) -> None:
    with pytest.raises(type(error)):
        await answer_of(error)
