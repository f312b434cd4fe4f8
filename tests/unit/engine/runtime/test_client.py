"""The daemon's side: finding containers again, cleaning up after them (spawning, as root: tests/kernel)."""

import asyncio
import fcntl
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from tests.unit.linux.apart import apart
from wherry.engine.instance import Instance
from wherry.engine.runtime import client, tasks, wire
from wherry.engine.runtime.client import ShimRuntime
from wherry.engine.runtime.model import Exit, IdRange, Isolation, Namespace
from wherry.linux import mount

STATE = {"pid": 100, "shim": 99, "started": 5, "uid": 0, "gid": 0, "exit": None}
CGROUP = "/wherry-test-of-nothing/x"
LOST = "the container's shim was lost, and the container with it"


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = Instance(tmp_path, tmp_path / "run", "test-of-nothing")
    for path in (instance.shims, instance.containers / "x"):
        path.mkdir(parents=True)
    return instance


@pytest.fixture
def directory(instance: Instance) -> Path:
    return instance.containers / "x"


@pytest.fixture
def lock(directory: Path) -> Iterator[int]:
    """Held, as a shim that lives holds it."""
    fd = tasks._lock(directory)
    yield fd
    os.close(fd)


class Shim:
    """One that listens at its address and says ``state``; None: it closes without a word."""

    def __init__(self, instance: Instance, *states: dict[str, Any] | None) -> None:
        self._sock = socket.socket(fileno=tasks._listen(instance.shims / "x.sock"))
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, args=[states])
        self._thread.start()

    def _serve(self, states: tuple[dict[str, Any] | None, ...]) -> None:
        for state in states:
            connection, _ = self._sock.accept()
            self._connections.append(connection)
            received = wire.receive(connection)
            assert received is not None
            if state is None:
                connection.close()
            else:
                wire.send(connection, {"n": received.message["n"], "ok": state})

    def close(self) -> None:
        self._thread.join()
        for sock in (self._sock, *self._connections):
            sock.close()


async def test_a_container_that_runs_is_found_by_its_shims_socket(
    instance: Instance, directory: Path, lock: int
) -> None:
    shim = Shim(instance, STATE)
    found = await ShimRuntime(instance).recover("x", directory, CGROUP)
    assert found.exit is None
    assert found.task is not None
    assert found.task.pid == 100
    shim.close()


async def test_a_shim_that_closes_meanwhile_is_asked_again(instance: Instance, directory: Path, lock: int) -> None:
    shim = Shim(instance, None, STATE)
    found = await ShimRuntime(instance).recover("x", directory, CGROUP)
    assert found.task is not None
    shim.close()


async def test_a_shim_that_does_not_listen_yet_is_waited_for(instance: Instance, directory: Path, lock: int) -> None:
    recovering = asyncio.create_task(ShimRuntime(instance).recover("x", directory, CGROUP))
    await asyncio.sleep(0)
    assert not recovering.done()
    shim = Shim(instance, STATE)
    assert (await recovering).task is not None
    shim.close()


async def test_an_end_that_was_written_down_is_found_and_cleaned_up_after(instance: Instance, directory: Path) -> None:
    for name in ("lock", "task.json"):
        (directory / name).write_text("{}")
    (directory / "exit.json").write_text(json.dumps({"code": 3, "at": 7, "oom": True}))
    (instance.shims / "x.sock").touch()
    found = await ShimRuntime(instance).recover("x", directory, CGROUP)
    assert (found.task, found.exit) == (None, Exit(3, 7, True))
    assert os.listdir(directory) == ["exit.json"]
    assert os.listdir(instance.shims) == []


@pytest.mark.parametrize("written", [None, "", "{", "[]x"])
async def test_a_container_whose_end_nobody_wrote_down_was_lost(
    instance: Instance, directory: Path, written: str | None
) -> None:
    (directory / "task.json").write_text("{}")
    if written is not None:
        (directory / "exit.json").write_text(written)
    found = await ShimRuntime(instance).recover("x", directory, CGROUP)
    assert found.exit is not None
    assert (found.exit.code, found.exit.error) == (255, LOST)


async def test_a_container_that_never_ran_is_neither(instance: Instance, directory: Path) -> None:
    found = await ShimRuntime(instance).recover("x", directory, CGROUP)
    assert (found.task, found.exit) == (None, None)


async def test_a_container_that_waits_for_a_shim_in_vain_is_lost(
    instance: Instance, directory: Path, lock: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_CONNECT_SECONDS", 0.01)
    (directory / "task.json").write_text("{}")
    found = await ShimRuntime(instance).recover("x", directory, CGROUP)
    assert found.exit is not None
    assert found.exit.error == LOST


async def test_cleaning_up_is_done_as_often_as_one_likes(instance: Instance, directory: Path) -> None:
    for _ in range(2):
        await ShimRuntime(instance).clean("x", directory, CGROUP)
        await ShimRuntime(instance).remove_cgroups()


async def test_a_runtime_that_was_never_asked_has_no_spawner(instance: Instance) -> None:
    runtime = ShimRuntime(instance)
    for _ in range(2):
        await runtime.close()
    assert runtime.spawner_pid is None


def test_a_lock_tells_whether_a_shim_lives(directory: Path) -> None:
    assert not client._is_locked(directory / "lock")
    fd = tasks._lock(directory)
    assert client._is_locked(directory / "lock")
    copy = os.dup(fd)
    os.close(fd)
    assert client._is_locked(directory / "lock")  # whoever has a copy
    os.close(copy)
    assert not client._is_locked(directory / "lock")
    with (directory / "lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # looking has not taken it


def test_an_address_longer_than_sockets_can_say_is_reached(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with socket.socket(fileno=tasks._listen(deep / "x.sock")), client._connect(deep / "x.sock") as sock:
        assert sock.fileno() > 0
    before = open_descriptors()
    with pytest.raises(OSError):
        client._connect(deep / "absent.sock")
    assert open_descriptors() == before


def test_isolation_is_told_in_words(instance: Instance) -> None:
    isolation = Isolation(ids=IdRange(100_000), network=Namespace.HOST)
    assert client._isolation_message(isolation, {"pid": 5}) == {
        "ids": [100_000, 65536],
        "network": "host",
        "pid": "new",
        "ipc": "new",
        "uts": "new",
        "cgroup": "new",
        "joins": ["pid"],
    }


def test_namespaces_to_join_are_opened_all_or_none() -> None:
    joins = client._open_joins(Isolation(ids=None, join_network=os.getpid(), join_ipc=os.getpid()))
    assert set(joins) == {"network", "ipc"}
    assert os.fstat(joins["network"]).st_ino == Path("/proc/self/ns/net").stat().st_ino
    for fd in joins.values():
        os.close(fd)
    before = open_descriptors()
    with pytest.raises(OSError):
        client._open_joins(Isolation(ids=None, join_network=os.getpid(), join_ipc=1 << 22))
    assert open_descriptors() == before


@apart
def test_a_namespace_that_is_pinned_to_a_file_is_opened_there(tmp_path: Path) -> None:
    pin = tmp_path / "net"
    pin.touch()
    with pytest.raises(OSError):
        client._open_joins(Isolation(ids=None, join_network=pin))
    namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
    mount.move_to_path(mount.clone_tree("", namespace), str(pin))
    joins = client._open_joins(Isolation(ids=None, join_network=pin, join_uts=os.getpid()))
    assert os.fstat(joins["network"]).st_ino == os.fstat(namespace).st_ino
    assert list(joins) == ["network", "uts"]
