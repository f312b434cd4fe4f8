"""Ports over channels of a WebSocket: of the n-th port, 2n has its data and 2n + 1 its errors.

Each channel begins with its port, two bytes, the low one first. There is one connection a port, made at once.
(k8s.io/cri-streaming pkg/streaming/portforward/websocket.go)
"""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from wherry.kit.errors import Invalid, WherryError
from wherry.node.api.channels import Channels, gone_or
from wherry.node.api.inboxes import Inbox
from wherry.node.api.joining import Client, Ports, joined

INBOX_BYTES = 256 << 10
MAX_PORTS = 64


def parsed(values: Iterable[str]) -> tuple[int, ...]:
    """The ports of a query: each value is one, or several with commas. Raises Invalid."""
    found = []
    for value in values:
        for part in value.split(","):
            if not (part.isascii() and part.isdigit()):
                raise Invalid(f'unable to parse "{value}" as a port')
            if not 0 < int(part[:9]) < 65536:
                raise Invalid(f'port "{value}" must be between 1 and 65535')
            found.append(int(part))
    if not found:
        raise Invalid('query parameter "port" is required')
    if len(found) > MAX_PORTS:
        raise Invalid(f"at most {MAX_PORTS} ports are forwarded over one WebSocket")
    return tuple(found)


async def serve(channels: Channels, ports: Ports, numbers: Sequence[int]) -> None:
    """Until all connections have ended, or the client has gone. Raises ConnectionError."""
    inboxes = [Inbox(INBOX_BYTES) for _ in numbers]
    for index, port in enumerate(numbers):
        for channel in (2 * index, 2 * index + 1):
            await channels.send(channel, port.to_bytes(2, "little"))
    gone = asyncio.Event()
    listening = asyncio.create_task(_listen(channels, inboxes, gone))
    leaving = asyncio.create_task(gone_or(gone, channels))
    working = asyncio.create_task(_all(channels, ports, numbers, inboxes))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        is_over = working.done()
        for task in (listening, leaving, working):
            task.cancel()
        await asyncio.gather(listening, leaving, working, return_exceptions=True)
    if is_over:
        await channels.close()


async def _listen(channels: Channels, inboxes: Sequence[Inbox], gone: asyncio.Event) -> None:
    try:
        while (message := await channels.receive()) is not None:
            channel, data = message
            if channel % 2 == 0 and 0 <= channel // 2 < len(inboxes):
                await inboxes[channel // 2].put(data)
    finally:
        gone.set()


async def _all(channels: Channels, ports: Ports, numbers: Sequence[int], inboxes: Sequence[Inbox]) -> None:
    async with asyncio.TaskGroup() as group:
        for index, port in enumerate(numbers):
            group.create_task(_one(channels, ports, port, index, inboxes[index]))


async def _one(channels: Channels, ports: Ports, port: int, index: int, inbox: Inbox) -> None:
    data, error = 2 * index, 2 * index + 1
    try:
        wire = await ports.open(port)
    except (WherryError, OSError) as failure:
        await channels.send(error, ports.failure(port, failure))
        await inbox.end()
        return
    try:
        await joined(Client(inbox.take, partial(channels.send, data), _nothing), wire)
    except OSError:
        pass
    finally:
        wire.leave()
        await inbox.end()  # what comes still is dropped: others go on


async def _nothing() -> None:
    """A channel has no end."""
