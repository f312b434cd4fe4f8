"""The supervisor, as a process with a program of the test's in node's place."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wherry.app import lock, supervisor

NODE = """
import os, signal, sys, time
log, mode = sys.argv[1], sys.argv[2]
words = [word for word in sys.argv[3:] if not word.startswith("--l")]
def note(text):
    with open(log, "a") as file:
        file.write(text + "\\n")
signal.signal(signal.SIGTERM, lambda *_: (note("term"), os._exit(0)))
signal.signal(signal.SIGUSR2, lambda *_: (note("usr2"), os._exit(0)))
note(f"start {os.getpid()} {' '.join(words)}".strip())
if mode == "hopeless": sys.exit(78)
if mode == "dies": sys.exit(1)
lifeline = int([word for word in sys.argv if word.startswith("--lifeline-fd=")][0].partition("=")[2])
while os.read(lifeline, 1): pass
note("orphaned")
"""


class Running:
    """A supervisor under test and what its nodes wrote."""

    def __init__(self, directory: Path, mode: str, *control: str) -> None:
        self.log = directory / "log"
        self.log.touch()
        self.lock_file = directory / "instance.lock"
        held = os.open(self.lock_file, os.O_RDWR | os.O_CREAT)
        os.set_inheritable(held, True)
        script = directory / "node.py"
        script.write_text(NODE)
        command = [sys.executable, "-I", "-S", str(Path(supervisor.__file__)), str(held), str(directory / "err")]
        node = [sys.executable, str(script), str(self.log), mode]
        more = ["--", sys.executable, str(script), str(self.log), *control] if control else []
        self.process = subprocess.Popen([*command, *node, *more], pass_fds=[held])
        os.close(held)

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def wait_for(self, condition: Callable[[list[str]], bool]) -> list[str]:
        deadline = time.monotonic() + 60
        while not condition(lines := self.lines()):
            assert time.monotonic() < deadline, lines
            time.sleep(0.01)
        return lines

    def node(self) -> int:
        return int(self.wait_for(bool)[-1].split()[1])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(mode: str, *control: str) -> Running:
        made.append(Running(tmp_path, mode, *control))
        return made[-1]

    yield make
    for running in made:
        running.process.kill()
        running.process.wait()


def test_it_writes_its_pid_into_the_lock(start: Callable[..., Running]) -> None:
    running = start("stays")
    running.node()
    assert running.lock_file.read_text() == f"{running.process.pid}\n"


def test_a_node_that_dies_is_started_again(start: Callable[..., Running]) -> None:
    running = start("stays")
    os.kill(running.node(), signal.SIGKILL)
    running.wait_for(lambda lines: len(lines) == 2)
    assert running.process.poll() is None


def test_a_node_that_dies_young_is_started_with_growing_delays(start: Callable[..., Running], tmp_path: Path) -> None:
    running = start("dies")
    running.wait_for(lambda lines: len(lines) == 4)
    said = (tmp_path / "err").read_text()
    assert all(f"again in {delay} s" in said for delay in ("0.1", "0.2", "0.4"))


def test_a_node_that_cannot_be_helped_ends_the_supervisor(start: Callable[..., Running]) -> None:
    running = start("hopeless")
    assert running.process.wait(60) == supervisor.HOPELESS
    assert len(running.lines()) == 1


@pytest.mark.parametrize(("sent", "noted"), [("SIGTERM", "term"), ("SIGINT", "term"), ("SIGUSR2", "usr2")])
def test_signals_end_node_and_supervisor(start: Callable[..., Running], sent: str, noted: str) -> None:
    running = start("stays")
    running.node()
    running.process.send_signal(signal.Signals[sent])
    assert running.process.wait(60) == 0
    assert running.lines()[-1] == noted


def test_tear_down_between_two_nodes_starts_one_for_it(start: Callable[..., Running]) -> None:
    running = start("dies")
    running.wait_for(lambda lines: len(lines) == 5)
    running.process.send_signal(signal.SIGUSR2)
    running.process.wait(60)
    assert running.lines()[-1].endswith("--tear-down")


def test_control_is_there_until_the_node_has_ended_the_containers(start: Callable[..., Running]) -> None:
    running = start("stays", "stays")
    running.wait_for(lambda lines: len(lines) == 2)
    running.process.send_signal(signal.SIGUSR2)
    assert running.process.wait(60) == 0
    assert running.lines()[2:] == ["usr2", "term"]


def test_node_learns_that_the_supervisor_was_killed(start: Callable[..., Running]) -> None:
    running = start("stays")
    node = running.node()
    running.process.kill()
    assert running.wait_for(lambda lines: len(lines) == 2)[-1] == "orphaned"
    deadline = time.monotonic() + 60
    while lock.alive(node):
        assert time.monotonic() < deadline
        time.sleep(0.01)
