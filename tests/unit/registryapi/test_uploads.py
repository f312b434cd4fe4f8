"""Uploads over HTTP."""

import asyncio
import os

import pytest

from wherry.oci.digest import Digest

DATA = os.urandom(3_000_000)
DIGEST = Digest.of(DATA)


async def test_a_blob_in_one_request(serve) -> None:
    async with serve() as served:
        answer = await served.ask("POST", f"/v2/a/blobs/uploads/?digest={DIGEST}", DATA)
        assert answer.status == 201
        assert answer.headers["location"] == f"/v2/a/blobs/{DIGEST}"
        assert answer.headers["docker-content-digest"] == str(DIGEST)
        assert (await served.ask("GET", answer.headers["location"])).body == DATA


async def test_a_blob_in_two_requests(serve) -> None:
    async with serve() as served:
        begun = await served.ask("POST", "/v2/a/blobs/uploads/")
        assert (begun.status, begun.headers["range"]) == (202, "0-0")
        assert begun.headers["location"].endswith(begun.headers["docker-upload-uuid"])
        done = await served.ask("PUT", f"{begun.headers['location']}?digest={DIGEST}", DATA)
        assert done.status == 201
        assert (await served.ask("GET", done.headers["location"])).body == DATA


async def test_a_blob_in_chunks(serve) -> None:
    async with serve() as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        for begin in range(0, len(DATA), 1_000_000):
            piece = DATA[begin : begin + 1_000_000]
            end = begin + len(piece) - 1
            answer = await served.ask("PATCH", location, piece, Content_Range=f"{begin}-{end}")
            assert (answer.status, answer.headers["range"]) == (202, f"0-{end}")
            status = await served.ask("GET", location)
            assert (status.status, status.headers["range"], status.body) == (204, f"0-{end}", b"")
        assert (await served.ask("PUT", f"{location}?digest={DIGEST}")).status == 201
        assert (await served.ask("GET", location)).code == "BLOB_UPLOAD_UNKNOWN"
        assert (await served.ask("HEAD", f"/v2/a/blobs/{DIGEST}")).status == 200


async def test_a_stream_of_unknown_length(serve) -> None:
    async with serve() as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        pieces = [DATA[at : at + 70_001] for at in range(0, len(DATA), 70_001)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        head = served.ask.request("PATCH", location, Transfer_Encoding="chunked")
        answer = await served.ask.raw(head + body)
        assert (answer.status, answer.headers["range"]) == (202, f"0-{len(DATA) - 1}")
        assert (await served.ask("PUT", f"{location}?digest={DIGEST}")).status == 201


async def test_a_chunk_out_of_order_is_told_where_to_go_on(serve) -> None:
    async with serve() as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        await served.ask("PATCH", location, b"hello", Content_Range="0-4")
        for method, path in (("PATCH", location), ("PUT", f"{location}?digest={DIGEST}")):
            for value in ("0-4", "3-7", "6-10"):
                answer = await served.ask(method, path, b"world", Content_Range=value)
                assert (answer.status, answer.code) == (416, "RANGE_INVALID")
                assert (answer.headers["range"], answer.headers["location"]) == ("0-4", location)
        answer = await served.ask("PATCH", location, b"world", Content_Range="5-9")
        assert answer.status == 202
        digest = Digest.of(b"helloworld")
        assert (await served.ask("PUT", f"{location}?digest={digest}")).status == 201


@pytest.mark.parametrize("query", ["", "?digest=", "?digest=sha256:abc", "?digest=md5:" + "0" * 32])
async def test_the_end_needs_a_digest(serve, query: str) -> None:
    async with serve() as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        answer = await served.ask("PUT", location + query, b"x")
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
        assert (await served.ask("GET", location)).status == 204


async def test_other_bytes_than_announced_are_refused(serve) -> None:
    async with serve() as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        answer = await served.ask("PUT", f"{location}?digest={DIGEST}", b"other")
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
        answer = await served.ask("POST", f"/v2/a/blobs/uploads/?digest={DIGEST}", b"other")
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
        assert served.depot.blobs() == set()


async def test_an_upload_can_be_given_up(serve) -> None:
    async with serve() as served:  # also without the switch for deletion: nothing that is there goes
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        await served.ask("PATCH", location, b"x")
        assert (await served.ask("DELETE", location)).status == 204
        assert (await served.ask("PATCH", location, b"x")).code == "BLOB_UPLOAD_UNKNOWN"


@pytest.mark.parametrize("upload", ["x", "00000000-0000-0000-0000-000000000000", "..", "%2e%2e", "%00", "x" * 2000])
async def test_an_upload_that_is_none_is_unknown(serve, upload: str) -> None:
    async with serve() as served:
        for method in ("GET", "PATCH", "PUT", "DELETE"):
            answer = await served.ask(method, f"/v2/a/blobs/uploads/{upload}?digest={DIGEST}", b"")
            assert (answer.status, answer.code) == (404, "BLOB_UPLOAD_UNKNOWN")


async def test_a_blob_is_mounted_from_where_it_is(serve) -> None:
    async with serve() as served:
        await served.push_blob("a", b"hello")
        hello = Digest.of(b"hello")
        answer = await served.ask("POST", f"/v2/b/blobs/uploads/?mount={hello}&from=a")
        assert (answer.status, answer.headers["location"]) == (201, f"/v2/b/blobs/{hello}")
        assert (await served.ask("GET", f"/v2/b/blobs/{hello}")).body == b"hello"
        for query in (f"?mount={hello}&from=c", f"?mount={DIGEST}&from=a", f"?mount={hello}"):
            answer = await served.ask("POST", f"/v2/d/blobs/uploads/{query}")
            assert answer.status == 202  # then it is sent
            assert "/blobs/uploads/" in answer.headers["location"]
        assert (await served.ask("GET", f"/v2/d/blobs/{hello}")).status == 404


async def test_a_connection_that_breaks_leaves_what_came(serve) -> None:
    async with serve() as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        _, writer = await asyncio.open_connection("127.0.0.1", served.server.port)
        writer.write(served.ask.request("PATCH", location, Content_Length=str(len(DATA))) + DATA[:2_000_000])
        await writer.drain()
        upload = location.rpartition("/")[2]
        async with asyncio.timeout(60):
            while served.depot.registry.uploads.offset("a", upload) < 1_000_000:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            writer.close()
            while served.depot.registry.uploads.is_busy(upload):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        come = int((await served.ask("GET", location)).headers["range"][2:]) + 1
        assert 1_000_000 <= come <= 2_000_000
        answer = await served.ask("PATCH", location, DATA[come:], Content_Range=f"{come}-{len(DATA) - 1}")
        assert answer.status == 202
        assert (await served.ask("PUT", f"{location}?digest={DIGEST}")).status == 201


async def test_a_client_that_asks_first_is_told_to_go_on_only_when_it_may(serve) -> None:
    async with serve() as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        head = served.ask.request("PATCH", location, Content_Length="5", Expect="100-continue")
        assert (await served.ask.raw(head + b"hello")).status == 202
        served.ask.close()
        head = served.ask.request("PATCH", "/v2/a/blobs/uploads/", Content_Length="5", Expect="100-continue")
        assert (await served.ask.raw(head)).status == 405
        served.ask.close()
