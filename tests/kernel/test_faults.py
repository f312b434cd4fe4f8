"""E14: whatever process of the engine is killed at whatever moment, nobody else ends and nothing stays behind."""

import os
import random
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.kernel import census
from tests.kernel.rig import Rig, wait_until
from wherry.app.lock import alive

ROUNDS = 30
SEED = int(os.environ.get("E14_SEED", "14"))
VICTIMS = ("daemon", "node", "spawner", "shim")
SERVE = ["sh", "-c", "mkdir -p /www; echo still here > /www/index.html; exec httpd -f -p 80 -h /www"]
PATIENT = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]


class Bystanders:
    """Containers that have nothing to do with the faults: same process, still answering, after each round."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._web = rig.run(*SERVE, name="web", network_mode="bridge", ports={"80/tcp": None})
        self._talker = rig.run("sh", "-c", "i=0; while :; do echo $((i+=1)); sleep 0.1; done", name="talker")
        self._web.reload()
        self._port = int(self._web.attrs["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"])
        self._pids = self.pids()
        wait_until(self.answers)

    def pids(self) -> dict[str, int]:
        found = {}
        for container in (self._web, self._talker):
            container.reload()
            found[container.name] = int(container.attrs["State"]["Pid"])
        return found

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/", timeout=5) as answer:
                return bool(answer.read() == b"still here\n")
        except OSError:
            return False

    def check(self) -> None:
        """Through the kernel first: it needs no daemon."""
        assert all(alive(pid) for pid in self._pids.values())
        try:
            wait_until(self.answers)
        except AssertionError as error:
            raise AssertionError(f"the published port does not answer; {surroundings()}") from error

    def check_through_the_api(self) -> None:
        assert self.pids() == self._pids
        for container in (self._rig.docker.containers.get(name) for name in self._pids):
            assert container.status == "running"
            assert container.exec_run(["true"]).exit_code == 0

    def log_has_no_gap(self) -> None:
        numbers = [int(line) for line in self._rig.docker.containers.get("talker").logs().split()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) > 10


def surroundings() -> str:
    """What on this machine may drop packets of an instance: routes, and rules of others."""
    commands = (["ip", "route"], ["nft", "list", "ruleset"])
    texts = [subprocess.run(command, capture_output=True, text=True, check=False).stdout for command in commands]
    drops = [line for line in texts[1].splitlines() if "drop" in line or line.startswith("table")]
    return "\n".join([texts[0], *drops])


def operations(rig: Rig, name: str) -> dict[str, Callable[[], Any]]:
    """What a client may be doing at the moment of the fault, on a container of its own."""
    docker = rig.docker

    def create() -> Any:
        return docker.containers.create(rig.image(), PATIENT, name=name, network_mode="bridge")

    def running() -> Any:
        with suppress(Exception):
            create()
        container = docker.containers.get(name)
        container.start()
        return container

    return {
        "create": create,
        "start": running,
        "exec": lambda: docker.containers.get(name).exec_run(["true"]),
        "stop": lambda: docker.containers.get(name).stop(timeout=5),
        "rm": lambda: docker.containers.get(name).remove(force=True),
    }


def kill(rig: Rig, victim: str, container: str) -> None:
    roles = {"daemon": ("supervisor", "node"), "node": ("node",), "spawner": ("spawner",), "shim": ("shim",)}[victim]
    killed = []
    for process in rig.processes():
        if process["role"] in roles and (victim != "shim" or process["container"] == container):
            with suppress(ProcessLookupError):
                os.kill(int(process["pid"]), signal.SIGKILL)
            killed.append(int(process["pid"]))
    wait_until(lambda: not any(alive(pid) for pid in killed))


def play(rig: Rig, chance: random.Random, number: int) -> str:
    """One round: an operation, a fault in its middle, and whatever the client then was told."""
    name = f"target{number}"
    operation, victim = chance.choice(("create", "start", "exec", "stop", "rm")), chance.choice(VICTIMS)
    container_id = ""
    if operation in ("exec", "stop", "rm"):
        container_id = rig.run(*PATIENT, name=name, network_mode="bridge").id
    thread = threading.Thread(target=_quietly, args=(operations(rig, name)[operation],))
    thread.start()
    time.sleep(chance.uniform(0, 0.03))
    kill(rig, victim, container_id)
    thread.join(180)
    assert not thread.is_alive(), f"a client of {operation} waits for ever after the end of {victim}"
    return f"{operation} while {victim} is killed"


def _quietly(operation: Callable[[], Any]) -> None:
    with suppress(Exception):  # a client may well be told that it failed
        operation()


def consistent(rig: Rig, name: str) -> bool:
    """What inspect says is so; it may be about to change."""
    found = [c for c in rig.docker.containers.list(all=True, ignore_removed=True) if c.name == name]
    if not found:
        return True
    state = found[0].attrs["State"]
    if state["Status"] != "running":
        lives_on = any(found[0].id in place and _inhabited(place) for place in census.take(rig.names).cgroups)
        return state["Pid"] == 0 and not lives_on
    with suppress(OSError):  # an HTTPError: it has just ended
        return alive(state["Pid"]) and found[0].exec_run(["true"]).exit_code == 0
    return False


def _inhabited(cgroup: str) -> bool:
    with suppress(OSError):
        return bool(Path(cgroup, "cgroup.procs").read_text())
    return False


def remains(rig: Rig, before: census.Census) -> list[str]:
    """What a round left behind. Links, and processes of the engine, come and go with the pool: counted at the end."""
    found = census.take(rig.names).since(before)
    return [line for line in found if not line.startswith(("links:", "processes:"))]


@pytest.mark.timeout(1800)
def test_kill_9_anywhere(instance: Rig) -> None:
    chance = random.Random(SEED)
    instance.image()
    bystanders = Bystanders(instance)
    before = census.take(instance.names)
    for number in range(ROUNDS):
        what = f"round {number} (seed {SEED}): " + play(instance, chance, number)
        try:
            bystanders.check()
            if not instance.pid("supervisor"):
                instance.up()
            wait_until(instance.answers, 120, "the daemon to come back")
            bystanders.check_through_the_api()
            wait_until(lambda number=number: consistent(instance, f"target{number}"), what="what is said to be so")
            with suppress(Exception):
                instance.docker.containers.get(f"target{number}").remove(force=True)
            wait_until(lambda: not remains(instance, before), what="the leftovers to go")
        except Exception as error:
            raise AssertionError(f"{what}: {error}; left: {remains(instance, before)}") from error
    bystanders.log_has_no_gap()


def test_a_lost_shim_is_told_with_a_reason(instance: Rig) -> None:
    container = instance.run(*PATIENT)
    neighbour = instance.run(*PATIENT)
    pid = container.attrs["State"]["Pid"] or instance.docker.api.inspect_container(container.id)["State"]["Pid"]
    os.kill(instance.pid("shim", container.id), signal.SIGKILL)
    assert container.wait(timeout=60)["StatusCode"] != 0
    container.reload()
    assert container.status == "exited"
    assert "shim" in container.attrs["State"]["Error"]
    wait_until(lambda: not alive(pid))
    neighbour.reload()
    assert neighbour.status == "running"


def test_what_ended_while_the_daemon_was_dead_has_its_exit_code(instance: Rig) -> None:
    container = instance.run("sh", "-c", "sleep 1; echo last words; exit 7")
    kill(instance, "daemon", "")
    wait_until(
        lambda: not any(container.id in place and _inhabited(place) for place in census.take(instance.names).cgroups)
    )
    instance.up()
    container = instance.docker.containers.get(container.id)
    assert container.wait(timeout=60)["StatusCode"] == 7  # its shim may still have been about to write that down
    container.reload()
    assert container.status == "exited"
    assert container.attrs["State"]["ExitCode"] == 7
    assert b"last words" in container.logs()


def test_an_exec_that_is_over_has_its_exit_code(instance: Rig) -> None:
    """A client that saw the end of the stream asks for the code at once."""
    container = instance.run(*PATIENT)
    assert {container.exec_run(["sh", "-c", "exit 3"]).exit_code for _ in range(100)} == {3}
