"""Another runtime gets a configuration that the specification knows, and its complaints are heard."""

import copy
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wherry.engine.runtime import foreign
from wherry.engine.runtime.failure import Failure
from wherry.engine.runtime.foreign import Order, await_container, prepare

NEW: dict[str, Any] = {
    "ids": None,
    "network": "new",
    "pid": "new",
    "ipc": "new",
    "uts": "new",
    "cgroup": "new",
    "joins": [],
}
CONFIG: dict[str, Any] = {
    "process": {"args": ["true"], "user": {"username": "bob"}},
    "root": {"path": "rootfs", "readonly": True},
    "mounts": [
        {"destination": "/proc", "type": "proc", "options": ["nosuid"]},
        {"destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind", "idmap", "x-copy-up", "rro"]},
        {"destination": "/etc/hosts", "source": "/x"},
    ],
    "linux": {"cgroupsPath": "/wherry/x"},
}


@pytest.fixture
def order(tmp_path: Path) -> Order:
    (tmp_path / "bundle").mkdir()
    return Order("runc", str(tmp_path), -1)


def prepared(order: Order, **isolation: Any) -> dict[str, Any]:
    return prepare(CONFIG, 77, NEW | isolation, order)


def test_everything_lies_in_the_containers_own_bundle(order: Order, tmp_path: Path) -> None:
    assert order.bundle == f"{tmp_path}/bundle"
    assert {order.state, order.pid_file, order.log} == {
        f"{tmp_path}/bundle/{name}" for name in ("state", "pid", "log.json")
    }


def test_nothing_private_is_left_in_mounts(order: Order) -> None:
    mounts = prepared(order)["mounts"]
    assert mounts[0] == CONFIG["mounts"][0]
    assert mounts[1] == {
        "destination": "/data",
        "type": "bind",
        "source": "/mnt/1",
        "options": ["rbind", "ro"],
    }
    assert mounts[2] == {"destination": "/etc/hosts", "source": "/mnt/2", "options": []}


def test_the_root_is_where_it_was_put(order: Order) -> None:
    assert prepared(order)["root"] == {"path": "/mnt/rootfs", "readonly": True}


def test_the_waiting_inits_network_is_joined_and_the_rest_is_new(order: Order) -> None:
    assert prepared(order)["linux"]["namespaces"] == [
        {"type": "mount"},
        {"type": "pid"},
        {"type": "ipc"},
        {"type": "uts"},
        {"type": "cgroup"},
        {"type": "network", "path": "/proc/77/ns/net"},
    ]


def test_ids_are_mapped_as_those_of_the_waiting_init(order: Order) -> None:
    linux = prepared(order, ids=[100_000, 65536])["linux"]
    mapping = [{"containerID": 0, "hostID": 100_000, "size": 65536}]
    assert linux["uidMappings"] == linux["gidMappings"] == mapping
    assert {"type": "user", "path": "/proc/77/ns/user"} in linux["namespaces"]


@pytest.mark.parametrize("joins", [[], ["network"]])
def test_a_namespace_of_the_host_is_not_there_and_a_joined_one_is(order: Order, joins: list[str]) -> None:
    linux = prepared(order, network="host", pid="host", joins=joins)["linux"]
    types = [one["type"] for one in linux["namespaces"]]
    assert "pid" not in types
    assert ("network" in types) is bool(joins)


def test_the_configuration_that_was_given_is_not_changed(order: Order) -> None:
    before = copy.deepcopy(CONFIG)
    prepared(order)
    assert before == CONFIG


@pytest.fixture
def runner() -> Iterator[int]:
    """A process that stands for the other runtime."""
    pid = os.fork()
    if not pid:
        signal.pause()
    yield pid
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def test_the_containers_pid_is_what_the_other_runtime_writes(order: Order, runner: int) -> None:
    Path(order.pid_file).write_text("4711")
    assert await_container(order, runner) == 4711


def test_the_runtime_of_a_short_program_may_have_ended_when_its_pid_is_seen(order: Order, runner: int) -> None:
    pid_file = Path(order.pid_file)
    os.mkfifo(pid_file)  # whoever looks waits, while all of it happens, and sees nothing

    def run() -> None:
        with pid_file.open("w"):
            (pid_file.parent / "written").write_text("4711")
            (pid_file.parent / "written").rename(pid_file)
            os.kill(runner, signal.SIGKILL)
            os.waitid(os.P_PID, runner, os.WEXITED | os.WNOWAIT)

    thread = threading.Thread(target=run)
    thread.start()
    assert await_container(order, runner) == 4711
    thread.join()


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ('{"level":"info","msg":"x"}\n{"level":"error","msg":"no such cgroup"}\n', "no such cgroup"),
        ('{"level":"error","msg":"first"}\n{"level":"fatal","msg":"last"}\n', "last"),
        ("not JSON\n", "runc failed and left no message in "),
        (None, "runc failed and left no message in "),
    ],
)
def test_a_runtime_that_ends_is_quoted(order: Order, runner: int, log: str | None, message: str) -> None:
    if log is not None:
        Path(order.log).write_text(log)
    os.kill(runner, signal.SIGKILL)
    with pytest.raises(Failure, match=message) as failure:
        await_container(order, runner)
    assert failure.value.step == "run by another runtime"
    assert os.waitpid(runner, 0)[0] == runner  # it is left to be waited for


def test_a_runtime_that_does_nothing_is_not_waited_for_for_ever(
    order: Order, runner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "_START_SECONDS", 0.01)
    with pytest.raises(Failure, match="did not start the container"):
        await_container(order, runner)


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nbob:x:1000:1001::/home/bob:/bin/sh\n")
    (tmp_path / "root/etc/group").write_text("staff:x:50:bob\n")
    return tmp_path / "root"


def test_a_user_becomes_numbers_and_a_home(rootfs: Path) -> None:
    described: dict[str, Any] = {"user": {"username": "bob", "additionalGids": ["staff", 7]}, "env": ["A=b"]}
    foreign._resolve_user(described, str(rootfs))
    assert described["user"] == {"uid": 1000, "gid": 1001, "additionalGids": [1001, 50, 7]}
    assert described["env"] == ["A=b", "HOME=/home/bob"]


@pytest.mark.parametrize(
    ("user", "env", "expected"),
    [
        ("0", [], ["HOME=/root"]),
        ("4000", [], ["HOME=/"]),
        ("bob", ["HOME=/x"], ["HOME=/x"]),
    ],
)
def test_a_home_is_said_known_or_the_root(rootfs: Path, user: str, env: list[str], expected: list[str]) -> None:
    described: dict[str, Any] = {"user": {"username": user}, "env": env}
    foreign._resolve_user(described, str(rootfs))
    assert described["env"] == expected


def test_numbers_stay_and_an_image_without_files_has_only_numbers(tmp_path: Path) -> None:
    described: dict[str, Any] = {"user": {"uid": 5, "gid": 6}}
    foreign._resolve_user(described, str(tmp_path))
    assert described == {"user": {"uid": 5, "gid": 6}}
    with pytest.raises(Failure, match="no matching entries in passwd file"):
        foreign._resolve_user({"user": {"username": "bob"}}, str(tmp_path))


def test_the_files_are_the_containers_and_not_the_hosts(rootfs: Path) -> None:
    (rootfs / "etc/passwd").unlink()
    (rootfs / "etc/passwd").symlink_to("/etc/passwd.real")
    (rootfs / "etc/passwd.real").write_text("bob:x:2000:2000::/:/bin/sh\n")
    described: dict[str, Any] = {"user": {"username": "bob"}}
    foreign._resolve_user(described, str(rootfs))
    assert described["user"]["uid"] == 2000
