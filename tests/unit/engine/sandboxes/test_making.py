"""What a sandbox is made of, and that it is given back."""

from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import FakeGroup, Machine
from tests.unit.engine.sandboxes.test_model import sandbox
from tests.unit.engine.sandboxes.test_sandboxes import wanted
from wherry.engine.runtime.model import IdRange, Namespace
from wherry.engine.sandboxes.making import Around, Maker, Making
from wherry.linux.errors import KernelError


class Stuck(FakeGroup):
    """A cgroup whose processes cannot be ended."""

    def kill(self) -> None:
        raise KernelError(16, "end processes")


async def maker(machine: Machine, *released: list[int]) -> Maker:
    daemon = await machine.up()
    around = daemon.containers._around
    return Maker(
        Around(
            machine.instance,
            daemon.runtime,
            daemon.networks,
            around.pool,
            machine.pins,
            machine.group,
            lambda: [],
            released[0].append if released else around.ranges.release,
            lambda: 5,
        )
    )


async def test_what_is_pinned_is_joined(tmp_path: Path) -> None:
    made = await maker(Machine(tmp_path))
    found = made.isolation(sandbox(ids=65536, shares_processes=True))
    assert found.ids == IdRange(65536)
    joined = (found.join_user, found.join_network, found.join_ipc, found.join_uts, found.join_pid)
    assert joined == tuple(Path("/pins/a") / kind for kind in ("user", "net", "ipc", "uts", "pid"))
    alone = made.isolation(sandbox(shares_processes=True), with_processes=False)
    assert alone.join_pid is None and alone.pid is Namespace.NEW
    host = made.isolation(sandbox(host_network=True))
    assert (host.network, host.uts, host.join_network) == (Namespace.HOST, Namespace.HOST, None)


async def test_what_cannot_be_ended_keeps_its_cgroup_and_nothing_else(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    made = await maker(machine)
    making = await made.begin(wanted())
    await made.furnish(making, wanted())
    machine.groups[f"/wherry-12345678/{making.sandbox.cgroup}"] = Stuck()
    with pytest.raises(KernelError):
        await made.give_back(making.sandbox, keeps_group=False)
    assert not machine.pins.there()
    assert machine.groups[f"/wherry-12345678/{making.sandbox.cgroup}"].calls == []
    assert making.waiting is not None
    await making.waiting.discard()


async def test_what_is_undone_is_undone_whatever_goes_wrong(tmp_path: Path) -> None:
    machine, released = Machine(tmp_path), list[int]()
    made = await maker(machine, released)
    making: Making = await made.begin(wanted())
    machine.groups[f"/wherry-12345678/{making.sandbox.cgroup}"] = Stuck()
    await made.undo(making, keeps_group=False)
    assert released == [making.sandbox.ids]
    assert making.waiting is not None and not making.waiting.alive
    assert making.sandbox.created == 5
