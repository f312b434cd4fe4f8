"""Requests passed on: one for one, and nothing of the client's that is not the other's business (K1, K2, A01)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from multidict import CIMultiDict

from tests.unit.kube.apiserver.connecting.backends import Backend, backend
from tests.unit.node.api.clients import exec_path, get, opened, raw
from tests.unit.node.api.rig import NODE, Rig
from wherry.kube.apiserver.connecting.forwarding import fields_of, relocated, upgrade_fields
from wherry.kube.apiserver.connecting.nodes import Own
from wherry.kube.pki.contexts import serving_context
from wherry.kube.pki.model import SUPER_ADMIN

SPDY = [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "v4.channel.k8s.io")]
WEBSOCKET = [
    ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "v5.channel.k8s.io"),
]  # fmt: skip
EXEC = exec_path("true", api=True, stdout=True)
SECOND = b"GET /containerLogs/kube-system/secret/c HTTP/1.1\r\nHost: node\r\n\r\n"


@asynccontextmanager
async def fake_node(rig: Rig) -> AsyncIterator[Backend]:
    """In the place of the node, with its certificate."""
    async with backend(serving_context(rig.pki.authority_pem, rig.pki.nodes[NODE])) as found:
        rig.connector._nodes._own = Own(rig.api_port, {NODE: ("127.0.0.1", found.port)})
        yield found


@pytest.mark.parametrize(("method", "fields"), [("POST", SPDY), ("GET", WEBSOCKET)])
@pytest.mark.parametrize("path", [EXEC, "/api/v1/nodes/n1/proxy/exec/default/p/c?output=1&command=x"])
@pytest.mark.parametrize("code", [400, 403, 404, 500])
async def test_a_refused_upgrade_is_the_last_of_its_connection(
    joined: Rig, method: str, fields: list[tuple[str, str]], path: str, code: int
) -> None:
    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 %d No\r\nContent-Length: 8\r\nX-Node: n1\r\n\r\nno entry" % code
        head, wire = await raw(joined, method, path, fields, api=True, behind=SECOND)
        said = b""
        while data := await asyncio.wait_for(wire.read(), 60):
            said += data
        wire.close()
        assert (head.status, head.get("x-node"), said) == (code, "n1", b"no entry")
        assert head.get("connection").lower() == "close"
        assert len(node.asked) == 1 and node.behind in ([], [b""])


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("method", "fields"), [("POST", SPDY), ("GET", WEBSOCKET), ("GET", [])])
async def test_a_redirect_is_not_followed_and_not_passed_on(
    joined: Rig, method: str, fields: list[tuple[str, str]], code: int
) -> None:
    async with fake_node(joined) as node, backend() as attacker:
        node.says = b"HTTP/1.1 %d Elsewhere\r\nLocation: http://127.0.0.1:%d/steal\r\nContent-Length: 0\r\n\r\n" % (
            code,
            attacker.port,
        )
        path = EXEC if fields else "/api/v1/nodes/n1/proxy/pods"
        head, wire = await raw(joined, method, path, [*fields, ("Cookie", "secret=1")], api=True)
        wire.close()
        assert head.status == 500 and not head.get("location")
        assert attacker.asked == [] and "secret" not in node.head


async def test_only_what_an_upgrade_needs_reaches_the_node(joined: Rig) -> None:
    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"
        token = "base64url.bearer.authorization.k8s.io.c2VjcmV0"
        fields = [
            *WEBSOCKET[:-1], ("Sec-WebSocket-Protocol", f"v5.channel.k8s.io, {token}"),
            ("Sec-WebSocket-Protocol", token), ("Sec-WebSocket-Extensions", "permessage-deflate"),
            ("Cookie", "secret"), ("X-Remote-User", "admin"), ("X-Other", "1"), ("Impersonate-User", "jane"),
            ("Impersonate-Group", "system:masters"),
        ]  # fmt: skip
        _, wire = await raw(joined, "GET", EXEC, fields, api=True)
        wire.close()
        lines = node.head.split("\r\n")
        assert lines[0] == "GET /exec/default/p/c?output=1&error=1&command=true HTTP/1.1"
        assert sorted(lines[1:]) == sorted([
            "Host: node", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: v5.channel.k8s.io", "", "",
        ])  # fmt: skip


async def test_a_node_that_goes_on_in_another_protocol_than_was_asked_for(joined: Rig) -> None:
    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 101 Sure\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        head, wire = await raw(joined, "POST", EXEC, SPDY, api=True)
        assert head.status == 500
        wire.close()


async def test_after_the_upgrade_bytes_go_through_as_they_are(joined: Rig) -> None:
    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 101 Sure\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Node: 1\r\n\r\nfirst"

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

        node.talk = echo
        head, wire = await raw(joined, "POST", EXEC, SPDY, api=True, behind=b"early")
        assert (head.status, head.get("x-node")) == (101, "1")
        content = bytes(range(256)) * 1000
        wanted = b"firstearly" + content
        await wire.write(content)
        assert await wire.reader.readexactly(len(wanted)) == wanted
        wire.close()


async def test_each_frame_is_a_record_of_its_own(joined: Rig) -> None:
    """A client that waits for its socket does not see what TLS has read already."""
    frames = [b"\x82\x01\x01", b"\x82\x05\x01out\n", b"\x82\x05\x02err\n", b"\x88\x02\x03\xe8"]

    def records() -> list[bytes]:
        request = "".join(f"{name}: {value}\r\n" for name, value in [("Host", "x"), *WEBSOCKET])
        with (
            socket.create_connection(("127.0.0.1", joined.api_port), 20) as plain,
            joined.tls(SUPER_ADMIN.file).wrap_socket(plain) as tls,
        ):
            tls.sendall(f"GET {EXEC} HTTP/1.1\r\n{request}\r\n".encode())
            found = []
            while not found or len(b"".join(found[1:])) < len(b"".join(frames)):
                first = tls.recv(1)
                assert first
                found.append(first + tls.recv(tls.pending()) if tls.pending() else first)
            return found

    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 101 Sure\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + b"".join(frames)
        found = await asyncio.to_thread(records)
    assert found[0].startswith(b"HTTP/1.1 101") and found[1:] == frames


async def test_a_node_that_does_not_answer_is_an_error_of_the_server(joined: Rig) -> None:
    async with fake_node(joined) as node:
        node.says = b""

        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            return

        node.talk = hang_up
        code, said = await get(joined, EXEC, api=True, headers=dict(SPDY))
        assert code == 500 and b"error dialing backend: the connection was closed without an answer" in said


class Asked:
    def __init__(self, *fields: tuple[str, str], method: str = "GET") -> None:
        self.headers = CIMultiDict(fields)
        self.method = method


def test_what_of_a_request_is_for_whoever_answers() -> None:
    asked = Asked(
        ("Host", "api"), ("Authorization", "Bearer x"), ("Cookie", "c"), ("Expect", "100-continue"), ("Accept", "a/b"),
        ("Connection", "close, X-Hop"), ("X-Hop", "1"), ("Impersonate-Extra-Scopes", "s"), ("X-Remote-Group", "g"),
        ("Proxy-Authorization", "p"), ("X-Forwarded-For", "f"), ("X-Own", "o"), ("Transfer-Encoding", "chunked"),
    )  # fmt: skip
    found = fields_of(asked, "10.0.0.1:80")  # type: ignore[arg-type]
    assert found == [("Host", "10.0.0.1:80"), ("Accept", "a/b"), ("X-Own", "o")]


def test_an_upgrade_by_post_says_that_it_has_no_body() -> None:
    asked = Asked(("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "a"), method="POST")
    assert upgrade_fields(asked) == [  # type: ignore[arg-type]
        ("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("Content-Length", "0"), ("X-Stream-Protocol-Version", "a"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("location", "wanted"),
    [
        ("/login?x=1", "/p/login?x=1"),
        ("http://10.0.0.1:80/a", "/p/a"),
        ("http://10.0.0.1:80", "/p/"),
        ("next", "next"),
        ("http://example.com/a", "http://example.com/a"),
        ("http://[", "http://["),
    ],
)
def test_where_redirects_of_pods_lead(location: str, wanted: str) -> None:
    assert relocated("/p", "10.0.0.1:80")(location) == wanted


async def test_bodies_go_both_ways_as_they_come(joined: Rig) -> None:
    async with fake_node(joined) as node:
        read = asyncio.get_running_loop().create_future()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            read.set_result(await reader.readuntil(b"0\r\n\r\n"))
            writer.write(b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n")

        node.says, node.talk = b"", take

        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            yield b"two"

        async with opened(joined, "/api/v1/nodes/n1/proxy/x?y=%2F", "PUT", api=True, data=pieces()) as answer:
            assert (answer.status, answer.reason, await answer.read()) == (201, "Made", b"abc")
            assert answer.headers["X-A"] == "1"
        assert node.head.startswith("PUT /x?y=%2F HTTP/1.1\r\nHost: node\r\n")
        assert await read in (b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", b"6\r\nonetwo\r\n0\r\n\r\n")


async def test_who_answers_before_it_has_read_all_is_heard(joined: Rig) -> None:
    done = asyncio.Event()
    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 413 Enough\r\nContent-Length: 0\r\n\r\n"

        async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await done.wait()

        node.talk = ignore
        async with opened(joined, "/api/v1/nodes/n1/proxy/x", "POST", api=True, data=bytes(16 << 20)) as answer:
            assert answer.status == 413
        done.set()


async def test_an_answer_that_breaks_off_breaks_off(joined: Rig) -> None:
    import aiohttp

    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"

        async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            return

        node.talk = leave
        with pytest.raises(aiohttp.ClientError):
            await get(joined, "/api/v1/nodes/n1/proxy/x", api=True)


async def test_the_backend_hears_that_the_client_has_gone(joined: Rig) -> None:
    gone = asyncio.Event()
    async with fake_node(joined) as node:
        node.says = b"HTTP/1.1 200 OK\r\n\r\nforever"

        async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            gone.set()

        node.talk = wait
        async with opened(joined, "/api/v1/nodes/n1/proxy/x", api=True) as answer:
            assert await answer.content.readexactly(7) == b"forever"
        await asyncio.wait_for(gone.wait(), 60)
