"""RUN as a container's program."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.build.workshop import Workshop, until
from wherry.engine.build.layers import Target
from wherry.engine.build.model import Limits
from wherry.engine.build.running import Command, Runner
from wherry.engine.containers.row import MountPoint
from wherry.engine.containers.steps import Ended, Step
from wherry.engine.runtime.model import Exit


class FakeSteps:
    """Writes what it is to write and ends as it is to end; ``step`` is what it was asked."""

    def __init__(self, upper: Path, wrote: list[tuple[int, bytes]], exit: Exit, message: str = "") -> None:
        self.upper, self.wrote, self.exit, self.message = upper, wrote, exit, message
        self.step: Step | None = None
        self.cancelled = False
        self.waits = False

    @asynccontextmanager
    async def run(self, step: Step, output: int) -> AsyncIterator[Ended]:
        self.step = step
        try:
            for stream, data in self.wrote:
                os.write(output, struct.pack(">BxxxI", stream, len(data)) + data)
            if self.waits:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            os.close(output)
        yield Ended(self.exit, self.upper, 100_000, self.message)


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    (tmp_path / "upper").mkdir()
    (tmp_path / "upper/file").write_text("x")
    return tmp_path / "upper"


async def run(workshop: Workshop, steps: FakeSteps, command: Command) -> tuple[Any, list[tuple[int, bytes]]]:
    heard: list[tuple[int, bytes]] = []
    runner = Runner(cast(Any, steps), workshop.engine.layers, workshop.snapshots.layers)
    target = Target([], 0, workshop.images.work())
    return await runner.run(command, target, lambda stream, data: heard.append((stream, data))), heard


async def test_output_and_layer(workshop: Workshop, upper: Path) -> None:
    steps = FakeSteps(upper, [(1, b"out"), (2, b"x" * 200_000)], Exit(0, 1))
    outcome, heard = await run(workshop, steps, Command(["true"], []))
    assert workshop.snapshots.has(outcome.layer.chain_id)
    assert b"".join(data for stream, data in heard if stream == 1) == b"out"
    assert b"".join(data for stream, data in heard if stream == 2) == b"x" * 200_000


@pytest.mark.parametrize(
    ("exit", "message", "expected"),
    [
        (Exit(3, 1), "", (3, "", False)),
        (Exit(137, 1, oom_killed=True), "", (137, "", True)),
        (Exit(127, 1), "not found", (127, "not found", False)),
        (Exit(0, 1), "odd", (0, "odd", False)),
    ],
)
async def test_failures_make_no_layer(
    workshop: Workshop, upper: Path, exit: Exit, message: str, expected: tuple[int, str, bool]
) -> None:
    outcome, _ = await run(workshop, FakeSteps(upper, [], exit, message), Command(["x"], []))
    assert outcome.layer is None
    assert (outcome.code, outcome.message, outcome.oom_killed) == expected
    assert not workshop.snapshots.list()


async def test_everything_of_the_command_is_passed_on(workshop: Workshop, upper: Path) -> None:
    steps = FakeSteps(upper, [], Exit(0, 1))
    limits = Limits(memory_bytes=1, cpu_shares=2, shm_bytes=3, cpuset_cpus="0", ulimits=[("nofile", 4, 5)])
    point = MountPoint(kind="tmpfs", destination="/t", options=[])
    command = Command(
        ["a", "b"], ["X=1"], "/w", "bob", "default", True, limits, ["db:10.1.2.3"], [point], lambda *_: {}
    )  # fmt: skip
    await run(workshop, steps, command)
    step = steps.step
    assert step is not None
    config, host = step.config, step.host
    assert (config.Cmd, config.Env, config.User, config.WorkingDir) == (["a", "b"], ["X=1"], "bob", "/w")
    assert (host.NetworkMode, host.Privileged, host.ExtraHosts) == ("bridge", True, ["db:10.1.2.3"])
    assert (host.Memory, host.CpuShares, host.ShmSize, host.CpusetCpus) == (1, 2, 3, "0")
    assert [(one.Name, one.Soft, one.Hard) for one in host.Ulimits or ()] == [("nofile", 4, 5)]
    assert (step.mounts, step.trees) == ((point,), command.trees)


async def test_other_networks(workshop: Workshop, upper: Path) -> None:
    for network in ("none", "host"):
        (upper / "file").parent.mkdir(exist_ok=True)
        steps = FakeSteps(upper, [], Exit(1, 1))
        await run(workshop, steps, Command(["x"], [], network=network))
        assert steps.step is not None
        assert steps.step.host.NetworkMode == network


async def test_cancelling_ends_the_step(workshop: Workshop, upper: Path) -> None:
    steps = FakeSteps(upper, [(1, b"x")], Exit(0, 1))
    steps.waits = True
    before = open_descriptors()
    running = asyncio.ensure_future(run(workshop, steps, Command(["x"], [])))
    await until(lambda: steps.step)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert steps.cancelled
    assert open_descriptors() == before
