"""Clients that attach to a container: its shim talks to them from then on."""

import asyncio
import os
import socket
import struct
from contextlib import suppress

import msgspec

from wherry.engine.containers import logs as reading
from wherry.engine.containers.facts import LOG_NAME
from wherry.engine.containers.logs import LogOptions
from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.containers.units import detach_keys
from wherry.engine.runtime.model import Attachment
from wherry.kit.errors import Conflict

_NUMBERS = {"stdout": 1, "stderr": 2}


class Wish(msgspec.Struct, frozen=True):
    """What a client wants of a container's streams; ``logs`` what was written before, ``stream`` what comes;
    ``detaches``: there are keys that end the conversation alone."""

    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    logs: bool = False
    stream: bool = True
    early: bytes = b""
    detach_keys: str | None = None
    detaches: bool = True


async def attach(around: Surroundings, container: Container, fd: int, wish: Wish) -> None:
    """Give a client's socket to the container's shim; before a start it is kept for it. Takes ``fd`` over."""
    try:
        _check(container)
        keys = detach_keys(wish.detach_keys) if wish.detaches else b""
        around.tell(container, "attach")
        if wish.logs:
            await _replay(around, container, fd, wish)
    except BaseException:
        os.close(fd)
        raise
    if not wish.stream:
        os.close(fd)
        return
    stdin = wish.stdin and container.config.OpenStdin
    attachment = Attachment(fd, stdin, wish.stdout, wish.stderr, keys, wish.early)
    live = around.registry.live(container)
    if live.task is not None:
        await live.task.attach(attachment)
    else:
        live.clients.append(attachment)


def _check(container: Container) -> None:
    if container.state is State.PAUSED:
        raise Conflict(f"container {container.id} is paused, unpause the container before attach")
    if container.state is State.RESTARTING:
        raise Conflict(f"container {container.id} is restarting, wait until the container is running")


async def _replay(around: Surroundings, container: Container, fd: int, wish: Wish) -> None:
    """What the log has, framed as the shim frames what comes."""
    path = around.directory(container) / LOG_NAME
    options = LogOptions(stdout=wish.stdout, stderr=wish.stderr)
    loop = asyncio.get_running_loop()
    with socket.socket(fileno=os.dup(fd)) as sock:
        sock.setblocking(False)
        with suppress(ConnectionError):  # a client that has gone: the shim will notice
            async for line in reading.read(path, options):
                header = struct.pack(">BxxxI", _NUMBERS[line.stream], len(line.data))
                await loop.sock_sendall(sock, line.data if container.config.Tty else header + line.data)
