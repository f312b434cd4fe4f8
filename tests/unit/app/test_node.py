"""The daemon's process: what it is told, and what makes it end (a whole one, as root: tests/conformance)."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wherry.app import node
from wherry.app.daemon import HOPELESS
from wherry.app.node import Ending


@pytest.mark.parametrize(
    ("signals", "ending"),
    [
        ([signal.SIGTERM], Ending.KEEP),
        ([signal.SIGINT], Ending.KEEP),
        ([signal.SIGUSR2], Ending.TEAR_DOWN),
        ([signal.SIGHUP, signal.SIGTERM], Ending.KEEP),
        ([signal.SIGTERM, signal.SIGUSR2], Ending.KEEP),
    ],
)
def test_the_first_signal_says_what_becomes_of_the_containers(signals: list[int], ending: Ending) -> None:
    async def live() -> Ending:
        future = node._told_to_end(None)
        for number in signals:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0)
        return await asyncio.wait_for(future, 60)

    assert asyncio.run(live()) is ending


def test_without_a_supervisor_it_ends_and_containers_go_on() -> None:
    async def live() -> Ending:
        reader, writer = os.pipe()
        future = node._told_to_end(reader)
        await asyncio.sleep(0)
        assert not future.done()
        os.close(writer)
        try:
            return await asyncio.wait_for(future, 60)
        finally:
            os.close(reader)

    assert asyncio.run(live()) is Ending.KEEP


def started(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "wherry.app.node", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(node.__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=environment)


@pytest.mark.parametrize(
    ("settings", "message"),
    [("nonsense = 1\n", "nonsense"), ("log_level = 'loud'\n", "loud"), ("not toml", "wherry.toml")],
)
def test_settings_that_are_wrong_are_hopeless_and_nothing_is_started(
    tmp_path: Path, settings: str, message: str
) -> None:
    (tmp_path / "wherry.toml").write_text(settings)
    ended = started(f"--root={tmp_path}")
    assert ended.returncode == HOPELESS
    assert ended.stderr.startswith("wherry: ")
    assert message in ended.stderr
    assert os.listdir(tmp_path) == ["wherry.toml"]


def test_what_it_does_not_know_is_refused(tmp_path: Path) -> None:
    ended = started(f"--root={tmp_path}", "--nonsense")
    assert ended.returncode == 2
    assert "unrecognized arguments: --nonsense" in ended.stderr


def test_what_is_kept_of_a_start_is_not_looked_at_again() -> None:
    program = (
        "import gc\nfrom wherry.app import node\n"
        "kept = [[] for _ in range(1000)]\nnode._tidy()\n"
        "assert gc.get_freeze_count() >= 1000\nassert gc.get_threshold()[0] == node._OFTEN"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(node.__file__).parents[2])}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=environment)
