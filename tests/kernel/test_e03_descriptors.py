"""E03: a container sees its own three descriptors and nothing of the host's, at its start, at an exec, and in between.

In between is where CVE-2016-9962 was: a process that joins a container is visible there before it is the program.
"""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kernel.attacks import Image, output, probe, with_python
from tests.kernel.rig import Rig, wait_until

SECRET = "the-daemon-s-own-secret"
EXECS = 60
STARTS = 15
TRACER = {"userns_mode": "host", "cap_add": ["SYS_PTRACE"]}  # may look into any process that it can name

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STREAM = re.compile(r"(pipe|socket):\[\d+\]|/dev/null")
TERMINAL = re.compile(r"/dev/(pts/\d+|console)")
OWN_FILES = {"/", "/bin/busybox", "/etc/passwd", "/etc/group"}
SEALED = "/memfd:wherry (deleted)"
OWN_MAPS = re.compile(r"/bin/busybox|\[\w+\]")
IMAGES: dict[Rig, str] = {}


@pytest.fixture(scope="module", autouse=True)
def secret() -> Iterator[None]:
    """In the environment that the daemon is started with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", SECRET)
        yield


@pytest.fixture
def image(shared_instance: Rig) -> str:
    if shared_instance not in IMAGES:
        IMAGES[shared_instance] = with_python(Image()).load(shared_instance)
    return IMAGES[shared_instance]


def check_process(text: str, streams: re.Pattern[str], home: str) -> None:
    """``text`` is what a process says of itself; a terminal adds TERM, a build its date."""
    found: dict[str, Any] = json.loads(text)
    assert set(found["descriptors"]) == {"0", "1", "2"}
    assert all(streams.fullmatch(target) for target in found["descriptors"].values()), found["descriptors"]
    assert (found["cwd"], found["root"], found["cmdline"]) == ("/", "/", probe("myself"))
    shown = {re.sub("^HOSTNAME=([0-9a-f]{12}|buildkitsandbox)$", "HOSTNAME=", item) for item in found["environ"]}
    added = {item for item in shown if re.fullmatch("TERM=xterm|SOURCE_DATE_EPOCH=[0-9]+", item)}
    assert shown - added == {PATH, "HOSTNAME=", f"HOME={home}"}


def check_maps(text: str) -> None:
    names = {line[73:].strip() for line in text.splitlines()} - {""}
    assert "/bin/busybox" in names
    assert [name for name in names if not OWN_MAPS.fullmatch(name)] == []


@pytest.mark.parametrize("tty", [False, True], ids=["pipes", "terminal"])
@pytest.mark.parametrize(
    "options",
    [{}, {"userns_mode": "host"}, {"stdin_open": True}, {"privileged": True}, {"user": "bob", "read_only": True}],
    ids=str,
)
def test_e03_a_container_has_three_descriptors_and_nothing_of_the_host_s(
    shared_instance: Rig, image: str, options: dict[str, Any], tty: bool
) -> None:
    text = output(shared_instance, image, probe("myself"), tty=tty, **options)
    check_process(text, TERMINAL if tty else STREAM, "/home" if "user" in options else "/root")
    check_maps(output(shared_instance, image, ["cat", "/proc/1/maps"], tty=tty, **options))


@pytest.mark.parametrize("mode", [None, "host"], ids=["default", "host's user namespace"])
def test_e03_so_has_an_exec(shared_instance: Rig, image: str, mode: str | None) -> None:
    container = shared_instance.docker.containers.run(
        image, ["sleep", "600"], detach=True, network_mode="none", userns_mode=mode
    )
    for tty in (False, True):
        for options in ({}, {"stdin": True}, {"user": "bob"}, {"privileged": True}):
            home = "/home" if "user" in options else "/root"
            found = container.exec_run(probe("myself"), tty=tty, **options)
            check_process(found.output.decode(), TERMINAL if tty else STREAM, home)
            check_maps(container.exec_run(["cat", "/proc/self/maps"], tty=tty, **options).output.decode())
    container.remove(force=True)


def test_e03_so_has_a_step_of_a_build(shared_instance: Rig, image: str) -> None:
    dockerfile = f"FROM {image}\nRUN {json.dumps(probe('myself'))}\nRUN {json.dumps(['cat', '/proc/self/maps'])}\n"
    made, lines = shared_instance.docker.images.build(fileobj=io.BytesIO(dockerfile.encode()), rm=True)
    said = "".join(line.get("stream", "") for line in lines).splitlines()
    made.remove()
    (itself,) = [line for line in said if line.startswith("{")]
    check_process(itself, STREAM, "/root")
    check_maps("\n".join(line for line in said if re.match("[0-9a-f]+-[0-9a-f]+ ", line)))


class Watcher:
    """A container that reads all of /proc until it is stopped; then what it has seen."""

    def __init__(self, rig: Rig, image: str, **options: Any) -> None:
        command = probe("watcher")
        self.container = rig.docker.containers.run(image, command, detach=True, network_mode="none", **options)
        wait_until(lambda: b"watching" in self.container.logs(), what="the watcher to begin")

    def stop(self) -> dict[str, Any]:
        self.container.exec_run(["touch", "/stop"])
        assert self.container.wait()["StatusCode"] == 0, self.container.logs().decode()
        found: dict[str, Any] = json.loads(self.container.logs().splitlines()[-1])
        self.container.remove(force=True)
        return found


def check_seen(rig: Rig, seen: dict[str, Any], links: set[str], environment: set[str]) -> None:
    text = json.dumps(seen)
    assert SECRET not in text
    assert str(rig.root) not in text
    assert {name for name in seen["links"] if not STREAM.fullmatch(name)} <= links
    assert [item for item in seen["texts"] if re.search("wherry|import|python", item)] == []
    assert {item for item in seen["texts"] if "=" in item and not item.startswith("HOSTNAME=")} <= environment


@pytest.mark.parametrize("options", [{}, TRACER], ids=["default", "SYS_PTRACE over the host"])
def test_e03_who_watches_all_execs_sees_nothing_of_the_host(
    shared_instance: Rig, image: str, options: dict[str, Any]
) -> None:
    """Where it may look into everything, it sees a sealed program that has let go of all the shim had."""
    watcher = Watcher(shared_instance, image, **options)
    for number in range(EXECS):
        watcher.container.exec_run(["true"], tty=number % 3 == 1, user=("root", "bob")[number % 2])
    seen = watcher.stop()
    assert seen["processes"] >= 3
    terminals = {name for name in seen["links"] if TERMINAL.fullmatch(name)}
    environment = {PATH, "HOME=/root", "HOME=/home", "TERM=xterm"}
    if options:
        sealed = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "MALLOC_ARENA_MAX=1"}
        check_seen(shared_instance, seen, OWN_FILES | terminals | {SEALED}, environment | sealed)
    else:
        check_seen(shared_instance, seen, OWN_FILES | terminals, environment)
        assert [name for name in seen["maps"] if not OWN_MAPS.fullmatch(name)] == []


@pytest.mark.parametrize("options", [{}, {"userns_mode": "host"}], ids=["default", "host's user namespace"])
def test_e03_who_watches_starts_in_its_own_pid_namespace_sees_nothing_of_the_host(
    shared_instance: Rig, image: str, options: dict[str, Any]
) -> None:
    watcher = Watcher(shared_instance, image, **options)
    for _ in range(STARTS):
        output(shared_instance, image, ["true"], pid_mode=f"container:{watcher.container.id}", **options)
    seen = watcher.stop()
    assert seen["processes"] >= 3
    check_seen(shared_instance, seen, OWN_FILES | {"/stop"}, {PATH, "HOME=/root"})  # what ends the watcher writes it
    assert [name for name in seen["maps"] if not OWN_MAPS.fullmatch(name)] == []
