"""Places for bytes and sizes."""

import asyncio

from wherry.node.api.inboxes import Inbox, Latest


async def test_of_several_the_last_is_taken() -> None:
    latest: Latest[int] = Latest()
    latest.put(1)
    latest.put(2)
    assert await latest.take() == 2
    taking = asyncio.create_task(latest.take())
    await asyncio.sleep(0)
    assert not taking.done()
    latest.put(3)
    assert await taking == 3


async def test_bytes_come_out_in_order_and_then_the_end() -> None:
    inbox = Inbox(100)
    await inbox.put(b"a")
    await inbox.put(b"")
    await inbox.put(b"b")
    await inbox.end()
    await inbox.put(b"late")
    assert [await inbox.take() for _ in range(4)] == [b"a", b"b", b"", b""]


async def test_who_puts_in_too_much_waits() -> None:
    inbox = Inbox(10)
    await inbox.put(bytes(10))
    putting = asyncio.create_task(inbox.put(b"x"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not putting.done()
    assert len(await inbox.take()) == 10
    await putting
    assert await inbox.take() == b"x"


async def test_an_end_lets_everybody_go() -> None:
    inbox = Inbox(1)
    await inbox.put(b"x")
    putting = asyncio.create_task(inbox.put(b"y"))
    await asyncio.sleep(0)
    await inbox.end()
    await putting
