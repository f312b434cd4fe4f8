"""Logs through the API server, in every form that clients ask for."""

import asyncio
import base64
import json

import pytest

from tests.unit.kube.apiserver.connecting.test_forwarding import fake_node
from tests.unit.node.api.clients import get, opened, websocket
from tests.unit.node.api.rig import Rig
from tests.unit.node.api.test_logs import LINES, WHEN

LOG = "/api/v1/namespaces/default/pods/p/log"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", "one\ntwo\nthree\nfour\n"),
        ("?container=c&tailLines=1", "four\n"),
        ("?stream=Stderr", "two\n"),
        ("?timestamps=true&limitBytes=10", WHEN.format(1)[:10]),
        ("?sinceTime=2026-01-02T03:04:04Z", "four\n"),
    ],
)
async def test_a_log(joined: Rig, query: str, wanted: str) -> None:
    joined.log_of().write_text(LINES)
    async with opened(joined, LOG + query, api=True) as answer:
        assert (answer.status, await answer.text()) == (200, wanted)
        assert answer.headers["Content-Type"].startswith("text/plain")


async def test_a_log_that_is_followed(joined: Rig) -> None:
    joined.log_of().write_text(LINES)
    async with opened(joined, f"{LOG}?follow=true&tailLines=1", api=True) as answer:
        assert await answer.content.readline() == b"four\n"
        with joined.log_of().open("a") as file:
            file.write(f"{WHEN.format(5)} stdout F five\n")
        assert await asyncio.wait_for(answer.content.readline(), 60) == b"five\n"
    for _ in range(1000):
        if not joined.kubelet._logs._followed:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the node still follows")


@pytest.mark.parametrize("protocol", ["", "binary.k8s.io", "base64.binary.k8s.io"])
async def test_messages_of_a_websocket(joined: Rig, protocol: str) -> None:
    joined.log_of().write_text(LINES)
    said = b""
    async with websocket(joined, LOG, *([protocol] if protocol else []), api=True) as socket:
        assert (socket.protocol or "") == protocol
        async for message in socket:
            said += base64.b64decode(message.data) if protocol.startswith("base64") else message.data
        assert socket.close_code == 1000
    assert said == b"one\ntwo\nthree\nfour\n"


async def test_a_client_that_closes_its_websocket_follows_no_more(joined: Rig) -> None:
    joined.log_of().write_text(LINES)
    async with websocket(joined, f"{LOG}?follow=true", "binary.k8s.io", api=True) as socket:
        await socket.receive_bytes()
        await socket.close()
    for _ in range(1000):
        if not joined.kubelet._logs._followed:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the node still follows")


@pytest.mark.parametrize(
    ("query", "code", "reason", "message"),
    [
        ("?container=x", 400, "BadRequest", "container x is not valid for pod p"),
        ("?tailLines=-1", 422, "Invalid", 'PodLogOptions "p" is invalid: tailLines'),
        ("?previous=true", 400, "BadRequest", 'previous terminated container "c" in pod "p" not found'),
    ],
)
async def test_refusals_are_upstreams(joined: Rig, query: str, code: int, reason: str, message: str) -> None:
    found, said = await get(joined, LOG + query, api=True)
    status = json.loads(said)
    assert (found, status["code"], status["reason"]) == (code, code, reason)
    assert message in status["message"]


async def test_a_pod_that_is_nowhere_has_said_nothing_yet(joined: Rig) -> None:
    await joined.pod("q", node="")
    assert await get(joined, LOG.replace("/p/", "/q/"), api=True) == (204, b"")


async def test_a_pod_on_a_node_that_is_not_there(joined: Rig) -> None:
    await joined.pod("q", node="n9")
    code, said = await get(joined, LOG.replace("/p/", "/q/"), api=True)
    assert code == 404 and json.loads(said)["message"] == 'nodes "n9" not found'


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (b"HTTP/1.1 400 x\r\nContent-Length: 3\r\n\r\nwhy", 400, "why"),
        (b"HTTP/1.1 404 x\r\nContent-Length: 3\r\n\r\nwhy", 404, "why"),
        (b"HTTP/1.1 403 x\r\nContent-Length: 3\r\n\r\nwhy", 403, "the node refused the log of p: why"),
        (b"HTTP/1.1 500 x\r\nContent-Length: 3\r\n\r\nwhy", 500, "Internal error occurred: why"),
        (b"HTTP/1.1 302 x\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", 500, "redirect"),
        (b"nonsense\r\n\r\n", 500, "the answer is no HTTP"),
    ],
)
async def test_what_a_node_may_answer(joined: Rig, answer: bytes, code: int, message: str) -> None:
    async with fake_node(joined) as node:
        node.says = answer
        found, said = await get(joined, LOG, api=True)
        assert found == code and message in json.loads(said)["message"]


async def test_no_more_of_a_refusal_is_read_than_makes_sense(joined: Rig) -> None:
    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 400 x\r\n\r\n" + b"y" * (1 << 20)
        code, said = await get(joined, LOG, api=True)
        assert code == 400 and len(said) < 20_000


async def test_other_methods(joined: Rig) -> None:
    async with opened(joined, LOG, "POST", api=True) as answer:
        assert answer.status == 405
