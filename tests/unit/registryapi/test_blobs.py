"""Blobs over HTTP."""

import os

import pytest

from tests.descriptors import open_descriptors
from wherry.oci.digest import Digest

DATA = os.urandom(100_000)
PATH = f"/v2/a/blobs/{Digest.of(DATA)}"


async def test_a_blob_is_fetched_whole(serve) -> None:
    async with serve() as served:
        digest = await served.push_blob("a", DATA)
        for method in ("GET", "HEAD"):
            answer = await served.ask(method, PATH)
            assert answer.status == 200
            assert answer.headers["docker-content-digest"] == str(digest)
            assert answer.headers["etag"] == f'"{digest}"'
            assert answer.headers["content-length"] == str(len(DATA))
            assert answer.headers["accept-ranges"] == "bytes"
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.body == (DATA if method == "GET" else b"")


@pytest.mark.parametrize(
    ("value", "begin", "end"),
    [("bytes=0-0", 0, 1), ("bytes=5-99", 5, 100), ("bytes=99990-", 99_990, 100_000), ("bytes=-7", 99_993, 100_000),
     ("bytes=0-999999", 0, 100_000)],
)  # fmt: skip
async def test_a_part_is_fetched(serve, value: str, begin: int, end: int) -> None:
    async with serve() as served:
        await served.push_blob("a", DATA)
        answer = await served.ask("GET", PATH, Range=value)
        assert answer.status == 206
        assert answer.body == DATA[begin:end]
        assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/100000"
        answer = await served.ask("HEAD", PATH, Range=value)
        assert (answer.status, answer.headers["content-length"]) == (206, str(end - begin))


@pytest.mark.parametrize("value", ["bytes=100000-", "bytes=-0", "bytes=999999-9999999"])
async def test_no_part_is_told(serve, value: str) -> None:
    async with serve() as served:
        await served.push_blob("a", DATA)
        answer = await served.ask("GET", PATH, Range=value)
        assert (answer.status, answer.headers["content-range"]) == (416, "bytes */100000")


async def test_what_the_client_has_is_not_sent_again(serve) -> None:
    async with serve() as served:
        digest = await served.push_blob("a", DATA)
        for value in (f'"{digest}"', f'"x", W/"{digest}"', "*"):
            answer = await served.ask("GET", PATH, If_None_Match=value)
            assert (answer.status, answer.body) == (304, b"")
        assert (await served.ask("GET", PATH, If_None_Match='"x"')).status == 200
        assert (await served.ask("GET", "/v2/b/" + PATH[6:], If_None_Match="*")).status == 404
        # A part of another blob is of no use.
        assert (await served.ask("GET", PATH, Range="bytes=0-1", If_Range='"x"')).status == 200
        assert (await served.ask("GET", PATH, Range="bytes=0-1", If_Range=f'"{digest}"')).status == 206


async def test_an_empty_blob_is_a_blob(serve) -> None:
    async with serve() as served:
        digest = await served.push_blob("a", b"")
        answer = await served.ask("GET", f"/v2/a/blobs/{digest}")
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


async def test_a_blob_is_deleted_where_that_is_allowed(serve) -> None:
    async with serve(allow_delete=True) as served:
        await served.push_blob("a", DATA)
        await served.push_blob("b", DATA)
        assert (await served.ask("DELETE", PATH)).status == 202
        for method in ("GET", "DELETE"):
            answer = await served.ask(method, PATH)
            assert (answer.status, answer.code) == (404, "BLOB_UNKNOWN")
        assert (await served.ask("GET", PATH.replace("/a/", "/b/"))).body == DATA


async def test_no_descriptor_is_left_open(serve) -> None:
    async with serve() as served:
        await served.push_blob("a", DATA)
        await served.ask("GET", PATH)
        before = open_descriptors()
        for value in ("bytes=0-1", "bytes=100000-", ""):
            for method in ("GET", "HEAD"):
                await served.ask(method, PATH, Range=value)
        assert open_descriptors() <= before
