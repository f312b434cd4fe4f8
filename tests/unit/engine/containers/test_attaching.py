"""Clients on a container's streams: given to its shim, kept for it, or refused, and their descriptors never lost."""

import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.model import RestartRule
from wherry.engine.runtime.fake import Life
from wherry.kit.errors import Conflict, Invalid, NotFound


class Client:
    """A client's end of a socket; ``fd`` is the other, which attach takes over."""

    def __init__(self) -> None:
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(60)
        self.fd = theirs.detach()

    def received(self) -> bytes:
        """All there is until the other end is closed."""
        data = b""
        while piece := self.sock.recv(65536):
            data += piece
        return data


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.sock.close()


def frame(number: int, data: bytes) -> bytes:
    return struct.pack(">BxxxI", number, len(data)) + data


def attached(machine: Machine, container: str) -> Any:
    """What the container's shim was given."""
    return machine.task(container)._clients[-1]


async def test_a_running_containers_shim_gets_the_client(daemon: Daemon, machine: Machine, client: Client) -> None:
    container = await daemon.run(config_OpenStdin=True)
    await daemon.containers.attach(
        container, client.fd, stdin=True, stderr=False, early=b"first", detach_keys="ctrl-a,b"
    )
    given = attached(machine, container)
    assert (given.stdin, given.stdout, given.stderr) == (True, True, False)
    assert (given.early, given.detach_keys) == (b"first", b"\1b")
    assert daemon.actions()[-1] == "attach"
    machine.task(container).write("stdout", b"hello")
    await daemon.containers.kill(container)
    assert client.received() == frame(1, b"hello")


@pytest.mark.parametrize(("keys", "expected"), [(None, b"\x10\x11"), ("", b"\x10\x11"), ("a", b"a")])
async def test_without_keys_of_its_own_a_client_has_dockers(
    daemon: Daemon, machine: Machine, client: Client, keys: str | None, expected: bytes
) -> None:
    container = await daemon.run()
    await daemon.containers.attach(container, client.fd, detach_keys=keys)
    assert attached(machine, container).detach_keys == expected


async def test_nobody_feeds_a_container_that_was_made_without_input(
    daemon: Daemon, machine: Machine, client: Client
) -> None:
    container = await daemon.run()
    await daemon.containers.attach(container, client.fd, stdin=True)
    assert not attached(machine, container).stdin


async def test_clients_that_come_before_the_start_get_everything(daemon: Daemon) -> None:
    container = await daemon.create("echo", "hello")
    clients = [Client(), Client()]
    for one in clients:
        await daemon.containers.attach(container, one.fd)
    await daemon.containers.start(container)
    await wait_until(lambda: daemon.status(container) == "exited")
    assert [one.received() for one in clients] == [frame(1, b"hello\n")] * 2


async def test_what_was_written_comes_before_what_comes(daemon: Daemon, machine: Machine, client: Client) -> None:
    machine.tasks.program = lambda _: Life([("stdout", b"one\n"), ("stderr", b"two\n")], seconds=None)
    container = await daemon.run()
    await daemon.containers.attach(container, client.fd, logs=True)
    machine.task(container).write("stdout", b"three\n")
    await daemon.containers.kill(container)
    assert client.received() == frame(1, b"one\n") + frame(2, b"two\n") + frame(1, b"three\n")


async def test_only_the_streams_asked_for_are_told_again(daemon: Daemon, machine: Machine, client: Client) -> None:
    machine.tasks.program = lambda _: Life([("stdout", b"one\n"), ("stderr", b"two\n")])
    container = await daemon.run()
    await wait_until(lambda: daemon.status(container) == "exited")
    await daemon.containers.attach(container, client.fd, logs=True, stream=False, stdout=False)
    assert client.received() == frame(2, b"two\n")


async def test_a_terminals_output_has_no_frames(daemon: Daemon, machine: Machine, client: Client) -> None:
    machine.tasks.program = lambda _: Life([("stdout", b"one\n")])
    container = await daemon.run(config_Tty=True)
    await wait_until(lambda: daemon.status(container) == "exited")
    await daemon.containers.attach(container, client.fd, logs=True, stream=False)
    assert client.received() == b"one\n"


async def test_a_client_that_has_gone_is_no_fault(daemon: Daemon, machine: Machine, client: Client) -> None:
    machine.tasks.program = lambda _: Life([("stdout", b"one\n")])
    container = await daemon.run()
    await wait_until(lambda: daemon.status(container) == "exited")
    client.sock.close()
    await daemon.containers.attach(container, client.fd, logs=True, stream=False)
    with pytest.raises(OSError):
        os.fstat(client.fd)


async def test_a_paused_container_takes_nobody(daemon: Daemon, client: Client) -> None:
    container = await daemon.run()
    await daemon.containers.pause(container)
    with pytest.raises(Conflict, match="is paused, unpause the container before attach"):
        await daemon.containers.attach(container, client.fd)
    assert client.received() == b""
    assert daemon.actions()[-1] == "pause"


async def test_a_restarting_container_takes_nobody(daemon: Daemon, client: Client) -> None:
    container = await daemon.run("false", RestartPolicy=RestartRule(Name="always"))
    await wait_until(lambda: daemon.status(container) == "restarting")
    with pytest.raises(Conflict, match="is restarting, wait until the container is running"):
        await daemon.containers.attach(container, client.fd)
    assert client.received() == b""


async def test_keys_that_mean_nothing_are_refused(daemon: Daemon, client: Client) -> None:
    container = await daemon.run()
    with pytest.raises(Invalid, match="detach keys"):
        await daemon.containers.attach(container, client.fd, detach_keys="ctrl-?")
    assert client.received() == b""


async def test_who_asks_for_nothing_gets_nothing(daemon: Daemon, client: Client) -> None:
    container = await daemon.run()
    await daemon.containers.attach(container, client.fd, logs=False, stream=False)
    assert client.received() == b""


def test_what_is_not_there_cannot_be_attached_to(daemon: Daemon) -> None:
    with pytest.raises(NotFound):
        daemon.containers.attachable("absent")
