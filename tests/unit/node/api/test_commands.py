"""A client and a process, led together."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.api import commands
from wherry.node.api.caller import Size, success
from wherry.node.api.commands import attend


class Client:
    """What it says is a list; what it hears is kept."""

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)
        self.heard: list[tuple[int, bytes]] = []
        self.result: Object | None = None
        self.leaving = asyncio.Event()
        self.has_said_goodbye = False
        self.reads = True

    async def input(self) -> bytes:
        return self.said.pop(0) if self.said else b""

    async def size(self) -> Size:
        await asyncio.Event().wait()
        return Size(1, 1)

    async def say(self, stream: int, data: bytes) -> None:
        if not self.reads:
            raise ConnectionResetError("gone")
        self.heard.append((stream, data))

    async def gone(self) -> None:
        await self.leaving.wait()

    def has_left(self) -> bool:
        return self.has_said_goodbye

    async def finish(self, result: Object) -> None:
        self.result = result


class Process:
    """Repeats its input, then says ``more``, then ends."""

    def __init__(self, code: int = 0, lasts: bool = False, error: Exception | None = None) -> None:
        self._code, self._lasts, self._error = code, lasts, error
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self.taken: list[bytes] = []
        self.ended = False

    async def __aenter__(self) -> Any:
        if self._error is not None:
            raise self._error
        return self

    async def __aexit__(self, *error: object) -> None:
        self.ended = True

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        while data := await self._input.get():
            yield 1, data
        yield 2, b"more"
        if self._lasts:
            await asyncio.Event().wait()

    async def write(self, data: bytes) -> None:
        self.taken.append(data)
        self._input.put_nowait(data)

    async def close_input(self) -> None:
        await self.write(b"")

    async def resize(self, width: int, height: int) -> None: ...

    async def exit_code(self) -> int:
        return self._code


async def test_input_goes_in_output_comes_out_and_the_code_is_told() -> None:
    client, process = Client(b"a", b"b"), Process(7)
    await attend(client, process, True, "executing command in")
    assert client.heard == [(1, b"a"), (1, b"b"), (2, b"more")]
    assert client.result is not None and client.result["details"]["causes"][0]["message"] == "7"
    assert process.ended


async def test_what_was_attached_to_ends_well_whatever_its_code_is() -> None:
    client = Client()
    await attend(client, Process(7), True, "attaching to", attached=True)
    assert client.result == success()


async def test_what_cannot_be_begun_is_told() -> None:
    client = Client()
    await attend(client, Process(error=Invalid("exec: no such file")), True, "executing command in")
    assert client.result is not None
    assert client.result["message"] == (
        "Internal error occurred: error executing command in container: exec: no such file"
    )


async def test_when_the_client_goes_the_process_ends() -> None:
    client, process = Client(), Process(lasts=True)
    attending = asyncio.create_task(attend(client, process, True, "executing command in"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not attending.done()
    client.leaving.set()
    await attending
    assert process.ended and client.result is None


async def test_after_a_goodbye_the_process_reads_what_it_was_sent_and_ends_by_itself() -> None:
    client, process = Client(b"a", b"b"), Process(7)
    client.has_said_goodbye = True
    client.leaving.set()
    await attend(client, process, True, "executing command in")
    assert client.heard == [(1, b"a"), (1, b"b"), (2, b"more")], "all was read"
    assert process.ended and client.result is None


async def test_who_was_attached_and_said_goodbye_is_let_go_once_its_input_is_read() -> None:
    client, process = Client(b"a", b"b"), Process(lasts=True)
    client.has_said_goodbye = True
    client.leaving.set()
    async with asyncio.timeout(60):
        await attend(client, process, True, "attaching to", attached=True)
    assert process.taken == [b"a", b"b", b""] and process.ended


async def test_one_that_does_not_end_by_itself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "FAREWELL_SECONDS", 0.01)
    client, process = Client(b"a"), Process(lasts=True)
    client.has_said_goodbye = True
    client.leaving.set()
    await attend(client, process, True, "executing command in")
    assert process.ended


async def test_a_client_that_cannot_be_told_anything_has_gone() -> None:
    client, process = Client(b"a"), Process(lasts=True)
    client.reads = False
    await attend(client, process, True, "executing command in")
    assert process.ended and client.result is None


async def test_an_error_of_ours_is_no_ones_fault_but_ours() -> None:
    with pytest.raises(ZeroDivisionError):
        await attend(Client(), Process(error=ZeroDivisionError()), True, "executing command in")
