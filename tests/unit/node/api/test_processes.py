"""Which process is meant, and what is refused before anything is begun."""

import pytest

from tests.unit.node.api.clients import V5, code_of, exec_path, get, heard, raw, websocket
from tests.unit.node.api.rig import Rig

UPGRADE = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/exec/default/p/c?command=x", 400, b"you must specify at least 1 of stdin, stdout, stderr"),
        ("/exec/default/p/c?error=1&tty=1&command=x", 400, b"you must specify at least 1 of stdin, stdout, stderr"),
        ("/exec/default/p/c?output=1", 400, b"you must specify a command"),
        ("/exec/default/q/c?output=1&command=x", 404, b"pod does not exist"),
        ("/exec/default/p/no-uid/c?output=1&command=x", 404, b"pod does not exist"),
        ("/exec/default/p/x?output=1&command=x", 404, b'container not found ("x")'),
        ("/attach/default/p/x?output=1", 404, b'container not found ("x")'),
        ("/portForward/default/q", 404, b"pod does not exist"),
    ],
)
async def test_refusals(joined: Rig, path: str, code: int, said: bytes) -> None:
    assert await get(joined, path, headers=UPGRADE) == (code, said)


@pytest.mark.parametrize(
    "path", ["/exec/default/p/c?output=1&command=x", "/attach/default/p/c?output=1", "/portForward/default/p"]
)
@pytest.mark.parametrize("headers", [{}, {"Connection": "Upgrade", "Upgrade": "h2c"}, {"Upgrade": "websocket"}])
async def test_nothing_is_done_for_who_asks_for_no_stream(joined: Rig, path: str, headers: dict[str, str]) -> None:
    code, said = await get(joined, path, headers=headers)
    assert code == 400 and b"Upgrade request required" in said


async def test_a_pod_by_its_uid(joined: Rig) -> None:
    uid = joined.pods.all["default", "p"].uid
    async with websocket(joined, f"/exec/default/p/{uid}/c?output=1&command=echo", V5) as socket:
        assert (await heard(socket))[1] == b"\n"


async def test_who_attaches_is_not_told_the_code(joined: Rig) -> None:
    joined.runtime.attached = ("sh", "-c", "cat; exit 9")
    async with websocket(joined, "/attach/default/p/c?input=1&output=1&error=1", V5) as socket:
        await socket.send_bytes(b"\0hello")
        await socket.send_bytes(b"\xff\0")
        said = await heard(socket)
        assert said[1] == b"hello" and code_of(said[3]) == 0


async def test_arguments_come_as_they_are(joined: Rig) -> None:
    words = ["printf", r"%s\n", "a b", "&x=y", "ü", "", "%20", *(str(number) for number in range(500))]
    async with websocket(joined, exec_path(*words, stdout=True), V5) as socket:
        assert (await heard(socket))[1].decode().splitlines() == words[2:]


async def test_a_connection_is_closed_behind_a_refusal_of_a_stream_only_where_it_must(joined: Rig) -> None:
    path = "/exec/default/q/c?output=1&command=x"
    head, wire = await raw(joined, "POST", path, [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1")])
    assert head.status == 404
    wire.close()
