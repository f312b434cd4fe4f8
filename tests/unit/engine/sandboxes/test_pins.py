"""Namespaces that mounts keep; as root of namespaces of the test's own (those with mapped ids: tests/kernel)."""

import os
import socket
from pathlib import Path

import pytest

from tests.unit.engine.sandboxes.test_model import sandbox
from tests.unit.linux.apart import apart
from wherry.engine.sandboxes import pins as module
from wherry.engine.sandboxes.model import PodSandbox, Wanted
from wherry.engine.sandboxes.pins import KernelPins
from wherry.linux.errors import KernelError
from wherry.linux.namespaces import is_namespace
from wherry.linux.syscalls import setns, umount


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "sandboxes"


def wanted(**fields: object) -> Wanted:
    return Wanted("n", "pod", "c", lambda addresses: {}, **fields)  # type: ignore[arg-type]


def made(base: Path, one: PodSandbox | None = None, **fields: object) -> KernelPins:
    pins = KernelPins(base)
    pins.make(one or sandbox(hostname="pod"), wanted(**fields), None)
    return pins


def mounts(base: Path) -> list[str]:
    points = [line.split(" ")[4] for line in Path("/proc/thread-self/mountinfo").read_text().splitlines()]
    return sorted(point for point in points if point.startswith(str(base)))


@apart
def test_fresh_namespaces_stay_without_a_process(base: Path) -> None:
    one, pins = sandbox(hostname="pod"), made(base)
    assert pins.is_whole(one)
    own = Path("/proc/self/ns/net").stat().st_ino
    fd = pins.open(one, "net")
    assert os.fstat(fd).st_ino != own
    assert pins.path(one, "uts") == base / "a" / "uts"
    assert pins.there() == ["a"]
    pins.remove_all()


@apart
def test_nothing_of_it_is_left_when_it_is_removed(base: Path) -> None:
    pins = made(base)
    assert len(mounts(base)) == 6, "the place, the sandbox, its shared memory, three namespaces"
    for _ in range(2):
        pins.remove("a")
    assert mounts(base) == [str(base)]
    assert not pins.is_whole(sandbox())
    with pytest.raises(KernelError):
        pins.open(sandbox(), "net")
    for _ in range(2):
        pins.remove_all()
    assert mounts(base) == [] and not base.exists() and pins.there() == []


@apart
def test_the_name_is_the_sandboxs_and_ours_stays(base: Path) -> None:
    before = socket.gethostname()
    pins = made(base)
    setns(pins.open(sandbox(), "uts"), 0)
    assert (socket.gethostname(), before != "pod") == ("pod", True)
    pins.remove_all()


@apart
def test_settings_are_of_its_network_alone(base: Path) -> None:
    name = "net.ipv4.ip_unprivileged_port_start"
    path = Path("/proc/sys") / name.replace(".", "/")
    before = path.read_text()
    pins = made(base, sysctls={name: "77"})
    assert path.read_text() == before
    setns(pins.open(sandbox(), "net"), 0)
    assert path.read_text().strip() == "77"
    pins.remove_all()


@apart
def test_of_what_cannot_be_made_nothing_stays(base: Path) -> None:
    with pytest.raises(KernelError, match=r"set sysctl net\.no\.such to '1'"):
        made(base, sysctls={"net.no.such": "1"})
    assert mounts(base) == [str(base)]
    KernelPins(base).remove_all()


@apart
def test_what_the_host_has_is_not_pinned(base: Path) -> None:
    one = sandbox(host_network=True, host_ipc=True, host_pid=True)
    pins = made(base, one)
    assert not pins.is_whole(one), "its files are not there yet"
    pins.write(one, {"hosts": "x\n", "hostname": "y\n"})
    assert pins.is_whole(one)
    assert (base / "a" / "hosts").read_text() == "x\n"
    assert len(mounts(base)) == 2
    pins.remove_all()


@apart
def test_one_namespace_that_is_gone_is_one_too_few(base: Path) -> None:
    pins = made(base)
    umount(str(base / "a" / "ipc"), 0)
    assert not is_namespace(base / "a" / "ipc")
    assert not pins.is_whole(sandbox())
    pins.remove_all()


@apart
def test_files_may_fill_what_is_the_sandboxs_and_no_more(base: Path) -> None:
    pins = made(base)
    with pytest.raises(OSError, match="No space left"):
        (base / "a" / "hosts").write_bytes(b"x" * (module._BYTES + 4096))
    made(base, sandbox(id="b", name="m"))
    assert (base / "b").is_mount()
    pins.remove_all()


@apart
def test_shared_memory_is_as_big_as_asked_for(base: Path) -> None:
    pins = made(base, shm_bytes=1 << 20)
    found = os.statvfs(base / "a" / "shm")
    assert found.f_blocks * found.f_frsize == 1 << 20
    assert (base / "a" / "shm").stat().st_mode & 0o7777 == 0o1777
    pins.remove_all()
