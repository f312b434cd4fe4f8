"""The daemon's end of a conversation with a shim: each question has its answer or an error; no descriptor leaks."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.containers.harness import wait_until
from wherry.engine.runtime import wire
from wherry.engine.runtime.connection import Connection
from wherry.kit.errors import Unavailable


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Connection, socket.socket]]:
    """A connection, and the shim's end."""
    ours, theirs = wire.pair()
    theirs.settimeout(60)
    connection = Connection(ours)
    yield connection, theirs
    connection.close()
    theirs.close()


async def asked(shim: socket.socket) -> wire.Message:
    received = await asyncio.to_thread(wire.receive, shim)
    assert received is not None
    return received.message


Pair = tuple[Connection, socket.socket]


async def test_every_question_gets_its_own_answer(pair: Pair) -> None:
    connection, shim = pair
    questions = [asyncio.create_task(connection.ask({"op": name})) for name in ("one", "other")]
    messages = [await asked(shim) for _ in questions]
    assert [message["op"] for message in messages] == ["one", "other"]
    for message in reversed(messages):
        wire.send(shim, {"n": message["n"], "ok": message["op"]})
    assert [(await question).message["ok"] for question in questions] == ["one", "other"]


async def test_descriptors_go_along_and_stay_the_askers(pair: Pair) -> None:
    connection, shim = pair
    read, write = os.pipe()
    question = asyncio.create_task(connection.ask({"op": "x"}, {"pipe": write}))
    received = await asyncio.to_thread(wire.receive, shim)
    assert received is not None
    os.write(received.fds["pipe"], b"hello")
    wire.send(shim, {"n": received.message["n"], "ok": {}}, {"back": read})
    answer = await question
    back = answer.take("back")
    assert back is not None
    assert os.read(back, 5) == b"hello"
    received.close()
    for fd in (read, write, back):
        os.close(fd)


async def test_the_first_word_is_the_shims_own(pair: Pair) -> None:
    connection, shim = pair
    wire.send(shim, {"ready": True, "pid": 7})
    assert (await connection.next()).message == {"ready": True, "pid": 7}


async def test_an_event_is_told_also_before_the_first_word(pair: Pair) -> None:
    connection, shim = pair
    told: list[wire.Message] = []
    connection.on_event = told.append
    for message in ({"event": "exit"}, {"ready": True}, {"event": "detach"}, {"unasked": True}):
        wire.send(shim, message)
    assert (await connection.next()).message == {"ready": True}
    await wait_until(lambda: len(told) == 3)
    assert told == [{"event": "exit"}, {"event": "detach"}, {"unasked": True}]


async def test_when_the_shim_goes_everybody_is_told_once(pair: Pair) -> None:
    connection, shim = pair
    closed: list[bool] = []
    connection.on_close = lambda: closed.append(connection.closed)
    waiting = [asyncio.create_task(one) for one in (connection.ask({"op": "x"}), connection.next())]
    await asked(shim)
    shim.close()
    for one in waiting:
        with pytest.raises(Unavailable, match="shim is gone"):
            await one
    assert closed == [True]
    with pytest.raises(Unavailable):
        await connection.ask({"op": "y"})


async def test_who_is_gone_before_the_question_is_unavailable(pair: Pair) -> None:
    connection, shim = pair
    shim.close()
    with pytest.raises(Unavailable, match="shim is gone"):
        await connection.ask({"op": "x"})
    assert connection._asked == {}


async def test_an_answer_to_no_question_is_passed_over(pair: Pair) -> None:
    connection, shim = pair
    question = asyncio.create_task(connection.ask({"op": "x"}))
    message = await asked(shim)
    wire.send(shim, {"n": message["n"] + 7, "ok": 1})  # nobody asked that
    wire.send(shim, {"n": message["n"], "ok": 2})
    assert (await question).message["ok"] == 2


async def test_an_answer_that_nobody_waits_for_leaves_no_descriptor(pair: Pair) -> None:
    connection, shim = pair
    before = open_descriptors()
    question = asyncio.create_task(connection.ask({"op": "x"}))
    message = await asked(shim)
    question.cancel()
    await asyncio.wait([question])
    read, write = os.pipe()
    wire.send(shim, {"n": message["n"], "ok": {}}, {"pipe": read})
    wire.send(shim, {"event": "later"}, {"pipe": write})
    told: list[wire.Message] = []
    connection.on_event = told.append
    await wait_until(lambda: told)
    os.close(read)
    os.close(write)
    assert open_descriptors() == before


async def test_a_shim_that_is_busy_is_waited_for(pair: Pair) -> None:
    connection, shim = pair
    connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    questions = [asyncio.create_task(connection.ask({"op": "x" * 500})) for _ in range(60)]
    await asyncio.sleep(0.01)
    for _ in questions:
        wire.send(shim, {"n": (await asked(shim))["n"], "ok": {}})
    await asyncio.gather(*questions)


async def test_a_detached_socket_is_the_takers(pair: Pair) -> None:
    connection, shim = pair
    sock = connection.detach()
    assert connection.closed
    shim.send(b"hello")
    assert sock.recv(10) == b"hello"
    connection.close()  # no longer its business
    sock.send(b"still open")
    sock.close()


async def test_it_is_closed_as_often_as_one_likes(pair: Pair) -> None:
    connection, shim = pair
    for _ in range(2):
        connection.close()
    assert await asyncio.to_thread(wire.receive, shim) is None
