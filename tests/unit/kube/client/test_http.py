import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.client.serving import Served, serving
from wherry.http.server import serve_tcp
from wherry.kit.errors import Unavailable
from wherry.kube.apiserver.server import render_error
from wherry.kube.client.clock import FakeClock, SystemClock
from wherry.kube.client.connection import Connection, tls_of
from wherry.kube.client.http import AT_ONCE, BUSY_TRIES, READ_TRIES, HttpApiClient, lines, path_of, refusal
from wherry.kube.client.informer import Informer
from wherry.kube.client.model import PatchType
from wherry.kube.client.reflector import Selection
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

MAPS = GroupVersionResource("", "v1", "configmaps")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")


def config(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"n": name}}, "data": data}


async def test_objects_are_made_read_changed_and_deleted_by_the_real_server(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        client = served.client
        await served.local.create(
            GroupVersionResource("", "v1", "serviceaccounts"),
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}, "default",
        )  # fmt: skip
        made = await client.create(MAPS, config("a", k="v"), "default")
        assert made["metadata"]["uid"] and (await client.get(MAPS, "a", "default")) == made
        changed = await client.update(MAPS, {**made, "data": {"k": "w"}}, "default")
        with pytest.raises(StatusError) as caught:
            await client.update(MAPS, made, "default")
        assert caught.value.code == 409 and caught.value.reason == "Conflict"
        patched = await client.patch(MAPS, "a", {"data": {"n": "1"}}, "default", type=PatchType.MERGE)
        assert patched["data"] == {"k": "w", "n": "1"} and changed["data"] == {"k": "w"}
        applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"x": "y"}}
        await client.patch(MAPS, "b", applied, "default", type=PatchType.APPLY, manager="test", force=True)
        listed = await client.list(MAPS, "default", labels="n=a", limit=1)
        assert [each["metadata"]["name"] for each in listed.items] == ["a"] and listed.resource_version
        options = {"preconditions": {"uid": made["metadata"]["uid"]}}
        await client.delete(MAPS, "a", "default", options=options)
        with pytest.raises(StatusError, match='configmaps "a" not found'):
            await client.get(MAPS, "a", "default")


async def test_pages_follow_each_other(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        for number in range(5):
            await served.client.create(MAPS, config(f"c{number}"), "default")
        seen, token = [], ""
        while True:
            page = await served.client.list(MAPS, "default", limit=2, token=token)
            seen += [each["metadata"]["name"] for each in page.items]
            token = page.token
            if not token:
                break
        assert seen == [f"c{number}" for number in range(5)]


async def test_an_informer_follows_the_real_server(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.client.create(MAPS, config("a"), "default")
        informer = Informer(served.client, Selection(MAPS, "default"), SystemClock())
        told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

        def handler(old: Object | None, new: Object | None) -> None:
            told.put_nowait(("" if old is None else "old", "" if new is None else new["metadata"]["name"]))

        informer.add_handler(handler)
        task = asyncio.ensure_future(informer.run())
        assert await told.get() == ("", "a")
        await served.client.create(MAPS, config("b"), "default")
        assert await told.get() == ("", "b")
        await served.client.delete(MAPS, "a", "default")
        assert await told.get() == ("old", "")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_may_not_is_told_so_and_a_stranger_is_not_trusted(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        nobody = Connection(served.address, tls_of(served.pki.authority_pem), lambda: "not.a.token")
        async with HttpApiClient(nobody, SystemClock()) as client:
            with pytest.raises(StatusError) as caught:
                await client.list(MAPS)
            assert caught.value.code == 401
        stranger = Connection(served.address, tls_of(""))
        async with HttpApiClient(stranger, FakeClock()) as client:
            with pytest.raises(Unavailable, match="certificate"):
                await client.create(MAPS, config("a"), "default")


async def test_a_watch_too_far_back_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.client.create(MAPS, config("a"), "default")
        await _expire(served)
        with pytest.raises(StatusError) as caught:
            async with served.client.watch(MAPS, "default", resource_version="1") as changes:
                async for _ in changes:
                    pass
        assert caught.value.code == 410


async def _expire(served: Served) -> None:
    """Make the store forget: what the server's cache has must not answer either."""
    for number in range(3):
        await served.client.create(MAPS, config(f"x{number}"), "default")
    await served.server.store.compact(await served.server.store.revision())


Answering = Callable[[web.BaseRequest], "web.StreamResponse | Exception"]


@contextlib.asynccontextmanager
async def answering(answers: Iterable[object]) -> AsyncIterator[tuple[HttpApiClient, FakeClock, list[web.BaseRequest]]]:
    """A client of a server that gives these answers in order: (code, body, headers), or "break"."""
    left, seen = list(answers), list[web.BaseRequest]()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request)
        await request.read()
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer == "break":
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"{")
            assert request.transport
            request.transport.abort()
            return response
        code, body, headers = answer  # type: ignore[misc]
        return web.Response(status=code, body=body, headers=headers)

    listener = await serve_tcp(handle, "127.0.0.1", 0, render_error)
    clock = FakeClock()
    try:
        async with HttpApiClient(Connection(f"http://127.0.0.1:{listener.port}"), clock) as client:
            yield client, clock, seen
    finally:
        await listener.stop(0.1)


async def finished(clock: FakeClock, task: "asyncio.Future[Object]") -> Object:
    """Let time pass as fast as the task needs it."""
    while not task.done():
        await clock.advance(1)
        await asyncio.sleep(0.005)
    return await task


GOOD = (200, b'{"kind":"ConfigMap"}', {})
BUSY = (429, b'{"kind":"Status","code":429,"reason":"TooManyRequests","message":"busy"}', {"Retry-After": "2"})


async def test_a_read_that_broke_off_is_made_again_and_a_write_is_not() -> None:
    async with answering(["break", "break", GOOD]) as (client, clock, seen):
        task = asyncio.ensure_future(client.get(MAPS, "a", "default"))
        assert await finished(clock, task) == {"kind": "ConfigMap"} and len(seen) == 3
    async with answering(["break", GOOD]) as (client, clock, seen):
        with pytest.raises(Unavailable):
            await client.create(MAPS, config("a"), "default")
        assert len(seen) == 1


async def test_reads_are_given_up_after_some_tries() -> None:
    async with answering(["break"]) as (client, clock, seen):
        with pytest.raises(Unavailable):
            await finished(clock, asyncio.ensure_future(client.get(MAPS, "a", "default")))
        assert len(seen) == READ_TRIES


async def test_a_busy_server_is_asked_again_when_it_says_to() -> None:
    async with answering([BUSY, BUSY, GOOD]) as (client, clock, seen):
        task = asyncio.ensure_future(client.create(MAPS, config("a"), "default"))
        assert await finished(clock, task) == {"kind": "ConfigMap"} and clock.monotonic() >= 4
    async with answering([BUSY]) as (client, clock, seen):
        with pytest.raises(StatusError, match="busy"):
            await finished(clock, asyncio.ensure_future(client.get(MAPS, "a", "default")))
        assert len(seen) == BUSY_TRIES


async def test_many_requests_at_once_share_few_connections() -> None:
    seen: set[int] = set()
    watching = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if "watch" in request.raw_path:
            response = web.StreamResponse()
            await response.prepare(request)
            await watching.wait()
            return response
        assert request.transport is not None
        seen.add(request.transport.get_extra_info("peername")[1])
        await asyncio.sleep(0)
        return web.Response(body=b'{"kind":"ConfigMap"}')

    listener = await serve_tcp(handle, "127.0.0.1", 0, render_error)
    try:
        async with (
            HttpApiClient(Connection(f"http://127.0.0.1:{listener.port}"), SystemClock()) as client,
            contextlib.AsyncExitStack() as stack,
        ):
            for _ in range(AT_ONCE + 1):  # they take nobody's place
                await stack.enter_async_context(client.watch(MAPS, "default"))
            await asyncio.gather(*(client.get(MAPS, f"m{number}", "default") for number in range(200)))
            watching.set()
    finally:
        await listener.stop(0.1)
    assert 1 <= len(seen) <= AT_ONCE


async def test_answers_that_make_no_sense_are_errors() -> None:
    for body in (b"<html>", b"[1]", b"\xff"):
        async with answering([(200, body, {})]) as (client, _, _):
            with pytest.raises(Unavailable):
                await client.create(MAPS, config("a"), "default")
    async with answering([(502, b"<html>bad gateway</html>", {})]) as (client, _, _):
        with pytest.raises(StatusError, match="the server answered 502"):
            await client.create(MAPS, config("a"), "default")


def stream(*parts: bytes) -> tuple[int, bytes, dict[str, str]]:
    return 200, b"".join(parts), {"Content-Type": "application/json"}


async def test_a_watch_gives_events_and_raises_what_the_server_ends_it_with() -> None:
    added = b'{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n'
    gone = b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n'
    async with answering([stream(added, b"\n", gone)]) as (client, _, seen):
        types = []
        with pytest.raises(StatusError) as caught:
            async with client.watch(MAPS, resource_version="5", labels="a=b") as changes:
                async for change in changes:
                    types.append(change.type)
        assert types == ["ADDED"] and caught.value.code == 410
        assert seen[0].query["watch"] == "true" and seen[0].query["resourceVersion"] == "5"
        assert seen[0].query["labelSelector"] == "a=b" and "fieldSelector" not in seen[0].query


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((MAPS,), "/api/v1/configmaps"),
        ((MAPS, "x", "a"), "/api/v1/namespaces/x/configmaps/a"),
        ((DEPLOYMENTS, "x", "web", "scale"), "/apis/apps/v1/namespaces/x/deployments/web/scale"),
        ((GroupVersionResource("g", "v1", "roles"), "", "system:node"), "/apis/g/v1/roles/system:node"),
        ((MAPS, "x", "a/b?c d"), "/api/v1/namespaces/x/configmaps/a%2Fb%3Fc%20d"),
    ],
)  # fmt: skip
def test_paths(arguments: tuple[GroupVersionResource, *tuple[str, ...]], path: str) -> None:
    assert path_of(*arguments) == path


def test_a_refusal_is_what_the_server_says_or_its_code() -> None:
    document = {"kind": "Status", "code": 404, "reason": "NotFound", "message": "m", "details": {"name": "a"}}
    error = refusal(404, document)
    assert (error.code, error.reason, error.message, error.details) == (404, "NotFound", "m", {"name": "a"})
    assert (
        refusal(503, None, "7").details == {"retryAfterSeconds": 7} and refusal(503, {}).reason == "ServiceUnavailable"
    )


@given(st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line and line.strip())), st.data())
def test_lines_come_whole_however_they_are_cut(expected: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + b"\n" for line in expected) + b"half"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    async def given_pieces() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def collected() -> list[bytes]:
        return [line async for line in lines(given_pieces())]

    assert asyncio.run(collected()) == expected
