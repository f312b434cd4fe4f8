"""The daemon killed while it works on pods: its successor finds what there is, and can go on or clear it away."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kernel import census
from tests.kernel.podbench import PodBench
from wherry.app.lock import alive
from wherry.kit.errors import WherryError
from wherry.node.pods.runtime import State

ROUNDS = int(os.environ.get("WHERRY_KILL_ROUNDS", "6"))


@pytest.fixture
def root() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="wherry-k"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def daemon(root: Path, seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.kernel.poddaemon", str(root), str(seed)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert started.stdout is not None
    assert started.stdout.readline() == "up\n"
    return started


@pytest.mark.timeout(900)
async def test_e14_killed_at_any_moment_a_daemon_leaves_nothing_that_its_successor_cannot_find(root: Path) -> None:
    chance = random.Random(os.environ.get("E14_SEED", "pods"))
    for number in range(ROUNDS):
        victim = daemon(root, number)
        await asyncio.sleep(0.2 + chance.random() * 1.5)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        assert victim.stdout is not None
        victim.stdout.close()
        await _check(root)


async def _check(root: Path) -> None:
    bench = await PodBench(root).up()
    bench.before = census.Census()
    try:
        known = {sandbox.id: sandbox for sandbox in bench.pods.sandboxes()}
        for container in bench.pods.containers():
            if container.sandbox in known and container.state is State.RUNNING:
                await _works_or_ends(bench, container.id)
        for sandbox in known.values():
            if sandbox.ready:
                assert "host" in await bench.output(sandbox, "hostname")
        another = await bench.sandbox("late")
        assert another.ips and another.ips[0] not in {ip for one in known.values() for ip in one.ips}
        await _clear(bench)
    finally:
        await bench.pods.close()
        await bench.engine.tear_down()
    left = await bench.left()
    assert not left, "left behind:\n" + "\n".join(left)


async def _works_or_ends(bench: PodBench, container: str) -> None:
    """What is said to run does; it may have been about to be ended when the daemon was."""
    for _ in range(6000):
        found = bench.state(container)
        if found.state is not State.RUNNING:
            return
        with suppress(WherryError):
            if alive(found.pid) and (await bench.pods.execute(container, ["true"], 60)).exit_code == 0:
                return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{bench.state(container)} does not run")


async def _clear(bench: PodBench) -> None:
    """As the agent does with pods that nobody knows: the containers of a sandbox that is gone, too."""
    for container in bench.pods.containers():
        await bench.pods.remove_container(container.id)
    for sandbox in bench.pods.sandboxes():
        await bench.pods.remove_sandbox(sandbox.id)


async def test_what_is_mounted_for_pods_is_not_in_the_spawners_world(root: Path) -> None:
    """A spawner that starts while there are pods must not keep their namespaces when they are gone."""
    bench = await PodBench(root).up()
    try:
        pod = await bench.sandbox()
        await bench.container(pod, "sleep", "1000")
        await bench.again()
        container = await bench.container(pod, "sleep", "1000", name="later")
        shim = Path(f"/proc/{bench.state(container).pid}/stat").read_text().rpartition(")")[2].split()[1]
        for pid in (bench.engine.runtime.spawner_pid, shim):
            mounts = Path(f"/proc/{pid}/mountinfo").read_text()
            assert f"{bench.instance.sandboxes}/" not in mounts and str(bench.root) in mounts
    finally:
        left = await bench.close()
    assert not left
