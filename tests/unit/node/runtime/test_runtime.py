"""The runtime of pods on an imagined machine: what is asked, found again, told (the real one: tests/kernel)."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import wait_until
from tests.unit.node.runtime.world import World, container, pod, world
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.node.pods.runtime import Limits, PodRuntime, PortMapping, State
from wherry.node.runtime.runtime import _connect


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as found:
        yield found


async def started(made: World, *command: str, uid: str = "u1", **fields: object) -> str:
    sandbox = await made.pods.start_sandbox(pod(uid))
    name = await made.pods.create_container(sandbox.id, container(*command, **fields))
    await made.pods.start_container(name)
    return name


def test_it_is_what_the_agent_asks_for() -> None:
    from wherry.node.runtime import EngineRuntime

    missing = {name for name in vars(PodRuntime) if not name.startswith("_")} - set(dir(EngineRuntime))
    assert not missing


async def test_a_pod_lives_and_is_gone(made: World) -> None:
    name = await started(made, "server")
    [sandbox] = made.pods.sandboxes()
    assert sandbox.ready and sandbox.spec == pod() and len(sandbox.ips) == 1
    [found] = made.pods.containers(sandbox.id)
    assert (found.id, found.state, found.sandbox) == (name, State.RUNNING, sandbox.id)
    assert made.pods.containers("other") == [] and len(made.pods.containers()) == 1
    await made.pods.stop_container(name, 5)
    assert made.pods.containers()[0].exit_code == 143
    await made.pods.remove_container(name)
    await made.pods.remove_sandbox(sandbox.id)
    await made.pods.remove_sandbox(sandbox.id)
    assert not made.pods.sandboxes() and not made.pods.containers()
    assert not made.machine.pins.there()


async def test_a_start_that_has_begun_is_finished_though_its_caller_is_cancelled(made: World) -> None:
    """A node that is stopped at that moment: what runs already is not ended, and its pod has not failed."""
    sandbox = await made.pods.start_sandbox(pod())
    name = await made.pods.create_container(sandbox.id, container("server"))
    starting = asyncio.ensure_future(made.pods.start_container(name))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert [each.state for each in made.pods.containers()] == [State.RUNNING]


async def test_asked_twice_is_done_once(made: World) -> None:
    first = await made.pods.start_sandbox(pod())
    assert await made.pods.start_sandbox(pod()) == first
    one = await made.pods.create_container(first.id, container("server"))
    assert await made.pods.create_container(first.id, container("server")) == one
    assert await made.pods.create_container(first.id, container("server", attempt=1)) != one
    for _ in range(2):
        await made.pods.start_container(one)
    for _ in range(2):
        await made.pods.stop_container(one, -5)
        await made.pods.stop_sandbox(first.id)
    await made.pods.stop_sandbox("nobody")


async def test_what_is_not_there_is_not_found(made: World) -> None:
    with pytest.raises(NotFound):
        await made.pods.create_container("nobody", container())
    for call in (made.pods.start_container("x"), made.pods.stop_container("x", 0), made.pods.set_limits("x", Limits())):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(NotFound):
        await made.pods.set_sandbox_limits("x", Limits())
    sandbox = await made.pods.start_sandbox(pod())
    with pytest.raises(NotFound):
        await made.pods.create_container(sandbox.id, container(image="sha256:" + "9" * 64))
    assert made.pods.usage("x") is None
    await made.pods.remove_container("x")


async def test_a_port_that_is_taken_may_be_free_later(made: World) -> None:
    await made.pods.start_sandbox(pod(ports=(PortMapping(80, 8080),)))
    with pytest.raises(Unavailable, match="already allocated"):
        await made.pods.start_sandbox(pod("u2", ports=(PortMapping(80, 8080),)))


async def test_what_cannot_be_is_invalid(made: World) -> None:
    with pytest.raises(Invalid):
        await made.pods.start_sandbox(pod(sysctls={"kernel.panic": "1"}))
    sandbox = await made.pods.start_sandbox(pod())
    name = await made.pods.create_container(sandbox.id, container("missing"))
    with pytest.raises(Invalid, match="executable file not found"):
        await made.pods.start_container(name)
    [found] = made.pods.containers()
    assert (found.state, found.reason, found.exit_code) == (State.EXITED, "StartError", 128)


async def test_limits_change_and_are_remembered(made: World) -> None:
    name = await started(made, "server")
    [sandbox] = made.pods.sandboxes()
    await made.pods.set_limits(name, Limits(pids=7))
    await made.pods.set_sandbox_limits(sandbox.id, Limits(pids=9))
    groups = made.machine.groups
    path = "/wherry-12345678/kubepods/besteffort/podu1"
    assert groups[path].calls[-1]["pids"] == {"limit": 9}
    assert groups[f"{path}/{name}"].calls[-1]["pids"] == {"limit": 7}
    await made.next_life()
    assert made.pods.sandboxes()[0].spec == replace(pod(), limits=Limits(pids=9))


async def test_another_daemon_knows_what_the_first_one_did(made: World) -> None:
    runs = await started(made, "server", labels={"a": "b"}, annotations={"c": "d"})
    ended = await started(made, "exit", "4", uid="u2", attempt=5)
    before = made.pods.sandboxes()
    made.machine.tasks.now = lambda: 2**62
    await made.next_life()
    await wait_until(lambda: all(one.id != ended or one.finished_ns for one in made.pods.containers()))
    found = {one.id: one for one in made.pods.containers()}
    assert (found[runs].state, found[runs].labels, found[runs].annotations) == (State.RUNNING, {"a": "b"}, {"c": "d"})
    assert (found[ended].state, found[ended].exit_code, found[ended].attempt) == (State.EXITED, 4, 5)
    assert sorted(made.pods.sandboxes(), key=lambda one: one.id) == sorted(before, key=lambda one: one.id)


async def test_after_a_reboot_a_new_attempt_begins(made: World) -> None:
    name = await started(made, "server")
    made.machine.tasks.reboot()
    made.machine.pins.reboot()
    await made.next_life()
    [old] = made.pods.sandboxes()
    assert not old.ready and old.ips == ()
    assert made.pods.containers()[0].state is State.EXITED
    new = await made.pods.start_sandbox(pod(attempt=1))
    assert new.ready and len(made.pods.sandboxes()) == 2
    same = await made.pods.start_sandbox(pod())
    assert same.ready and same.id != old.id, "the same attempt again takes the place of what is gone"
    assert name not in {one.id for one in made.pods.containers()}


async def test_a_stopped_sandbox_keeps_what_can_be_looked_at(made: World) -> None:
    name = await started(made, "server")
    [sandbox] = made.pods.sandboxes()
    await made.pods.stop_sandbox(sandbox.id)
    [found] = made.pods.sandboxes()
    assert (found.id, found.ready, found.ips) == (sandbox.id, False, ())
    assert (made.pods.containers()[0].id, made.pods.containers()[0].exit_code) == (name, 137)


async def test_changes_are_told(made: World) -> None:
    told: list[str] = []
    end = made.pods.subscribe(told.append)
    name = await started(made, "server")
    [sandbox] = made.pods.sandboxes()
    assert told == [sandbox.id] * 3, "sandbox, created, started"
    told.clear()
    made.machine.task(name).end(3)
    await wait_until(lambda: told)
    assert made.pods.containers()[0].exit_code == 3, "when it is told it is there"
    await made.pods.remove_sandbox(sandbox.id)
    assert told[-1] == sandbox.id
    end()


async def test_what_is_used_is_told(made: World) -> None:
    name = await started(made, "server")
    used = made.pods.usage(name)
    assert used is not None and (used.cpu_ns, used.memory_bytes, used.pids) == (7, 4096, 1)
    await made.pods.stop_container(name, 0)
    assert made.pods.usage(name) is None


async def test_a_port_that_nobody_listens_at_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(Unavailable, match=f"failed to connect to localhost:{port} inside the pod: .*refused"):
            await _connect(None, port)


async def test_a_connection_is_the_askers() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    fd = await _connect(None, port)
    with socket.socket(fileno=fd) as sock:
        assert sock.getpeername() == ("127.0.0.1", port)
        assert not os.get_inheritable(fd)
    server.close()
    await server.wait_closed()
