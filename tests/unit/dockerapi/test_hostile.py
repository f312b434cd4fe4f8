"""Check E17: requests that two readers could understand differently, or that a browser was tricked into."""

import asyncio
import gzip

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine

JSON = b"Content-Type: application/json\r\n"
CREATE = b"POST /containers/create HTTP/1.1\r\nHost: d\r\n"
START = b"POST /containers/c1/start HTTP/1.1\r\nHost: d\r\n"
BODY = b'{"Image":"x"}'
PRIVILEGED = b'{"HostConfig":{"Privileged":false,"Privileged":true}}'
MALFORMED = {
    "two lengths": CREATE + JSON + b"Content-Length: 13\r\nContent-Length: 2\r\n\r\n" + BODY,
    "length and chunked": CREATE
    + JSON
    + b"Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n"
    + BODY
    + b"\r\n0\r\n\r\n",
    "list of lengths": CREATE + JSON + b"Content-Length: 13, 13\r\n\r\n" + BODY,
    "signed length": CREATE + JSON + b"Content-Length: +13\r\n\r\n" + BODY,
    "negative length": CREATE + JSON + b"Content-Length: -1\r\n\r\n" + BODY,
    "hexadecimal length": CREATE + JSON + b"Content-Length: 0xd\r\n\r\n" + BODY,
    "huge length": CREATE + JSON + b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY,
    "unknown transfer encoding": CREATE + JSON + b"Transfer-Encoding: x\r\n\r\n" + BODY,
    "chunked not last": CREATE + JSON + b"Transfer-Encoding: chunked, identity\r\n\r\nd\r\n" + BODY + b"\r\n0\r\n\r\n",
    "bad chunk size": CREATE + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "space before colon": CREATE + b"Content-Length : 0\r\n\r\n",
    "folded header": CREATE + b"X: a\r\n b\r\n\r\n",
    "header without a name": CREATE + b": x\r\n\r\n",
    "NUL in a header": CREATE + b"X: a\x00b\r\n\r\n",
    "no host": b"GET /info HTTP/1.1\r\n\r\n",
    "unknown version of HTTP": b"GET /info HTTP/3.7\r\nHost: d\r\n\r\n",
    "no version of HTTP": b"GET /info\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "space in the path": b"GET /in fo HTTP/1.1\r\nHost: d\r\n\r\n",
    "very long line": b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: d\r\n\r\n",
    "very many headers": b"GET /info HTTP/1.1\r\nHost: d\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
}
REFUSED = {
    "duplicate keys": (400, CREATE + JSON, PRIVILEGED),
    "duplicate keys in other letters": (400, CREATE + JSON, b'{"HostConfig":{"privileged":false,"Privileged":true}}'),
    "plain text": (400, CREATE + b"Content-Type: text/plain\r\n", BODY),
    "form": (400, CREATE + b"Content-Type: application/x-www-form-urlencoded\r\n", b"Image=x"),
    "no type": (400, CREATE, BODY),
    "two documents": (400, CREATE + JSON, BODY + BODY),
    "byte-order mark": (400, CREATE + JSON, b"\xef\xbb\xbf" + BODY),
    "UTF-16": (400, CREATE + JSON, BODY.decode().encode("utf-16")),
    "compressed": (400, CREATE + JSON + b"Content-Encoding: gzip\r\n", gzip.compress(BODY)),
    "nested": (400, CREATE + JSON, b'{"Image":' * 50_000),
    "4 MiB and a byte": (400, CREATE + JSON, BODY[:-1] + b" " * (4 * 1024 * 1024 - len(BODY) + 1) + b"}"),
    "another site's page": (403, START + b"Sec-Fetch-Site: cross-site\r\n", b""),
    "absolute target": (400, b"POST http://d/containers/c1/start HTTP/1.1\r\nHost: d\r\n", b""),
    "GET with effects": (405, b"GET /containers/c1/start HTTP/1.1\r\nHost: d\r\n", b""),
    "unknown method": (405, b"PATCH /containers/c1/start HTTP/1.1\r\nHost: d\r\n", b""),
    "CONNECT": (400, b"CONNECT d:80 HTTP/1.1\r\nHost: d\r\n", b""),
    "dots in the path": (404, b"POST /containers/../containers/c1/start HTTP/1.1\r\nHost: d\r\n", b""),
    "double slash": (404, b"POST //containers/c1/start HTTP/1.1\r\nHost: d\r\n", b""),
    "escaped slash": (404, b"POST /containers/c1%2fstart/x HTTP/1.1\r\nHost: d\r\n", b""),
    "NUL in the path": (404, b"POST /containers/c1%00/start HTTP/1.1\r\nHost: d\r\n", b""),
}  # fmt: skip


async def exchange(client: Client, data: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(client.socket))
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(65536), 60)
    writer.close()
    return answer


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_http_is_refused_and_reaches_nobody(client: Client, engine: Engine, name) -> None:
    answer = await exchange(client, MALFORMED[name])
    assert answer.split(b" ")[1] == b"400", answer
    assert not engine.containers.calls
    assert (await client.ask("GET /_ping")).status == 200


@pytest.mark.parametrize("name", REFUSED)
async def test_doubtful_requests_are_refused_and_reach_nobody(client: Client, engine: Engine, name) -> None:
    status, head, body = REFUSED[name]
    answer = await exchange(client, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.split(b" ")[1] == b"%d" % status, answer
    assert b'{"message":' in answer
    assert not [call for call in engine.containers.calls if call[0] in ("create", "start")]


@pytest.mark.parametrize(
    "request_bytes",
    [
        CREATE + JSON + b"Content-Length: 13\r\n\r\n" + BODY,
        CREATE + JSON + b"Transfer-Encoding: chunked\r\n\r\nd\r\n" + BODY + b"\r\n0\r\n\r\n",
        CREATE
        + JSON
        + b"Transfer-Encoding: chunked\r\n\r\n6\r\n"
        + BODY[:6]
        + b"\r\n7\r\n"
        + BODY[6:]
        + b"\r\n0\r\n\r\n",
        CREATE + JSON + b"Content-Length: 4194304\r\n\r\n" + BODY[:-1] + b" " * (4 * 1024 * 1024 - len(BODY)) + b"}",
        CREATE + b"content-type: Application/JSON; charset=utf-8\r\nContent-Length: 13\r\n\r\n" + BODY,
    ],
)
async def test_the_same_body_is_read_however_it_is_sent(client: Client, engine: Engine, request_bytes) -> None:
    assert (await exchange(client, request_bytes)).startswith(b"HTTP/1.1 201")
    assert engine.containers.calls[-1][2].Image == "x"


async def test_an_empty_body_does_nothing(client: Client, engine: Engine) -> None:
    answer = await exchange(client, CREATE + JSON + b"Content-Length: 0\r\n\r\n" + BODY)
    assert answer.split(b" ")[1] == b"400"
    assert not engine.containers.calls


async def test_pipelined_requests_are_answered_in_order(client: Client) -> None:
    ping = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
    answer = await exchange(client, ping + START + b"Connection: close\r\n\r\n")
    reader = answer.split(b"HTTP/1.1 ")
    assert reader[1].startswith(b"200")
