"""A daemon on an imagined machine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
async def daemon(machine: Machine) -> AsyncIterator[Daemon]:
    await machine.up()
    yield machine.daemons[0]
    await machine.daemons[-1].close()
    machine.tasks.reboot()
