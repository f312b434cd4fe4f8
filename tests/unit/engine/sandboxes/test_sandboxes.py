"""Sandboxes on an imagined machine."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine
from wherry.engine.networks.model import PortBinding
from wherry.engine.runtime.model import Namespace, StartFailed
from wherry.engine.sandboxes import PodSandbox, Sandboxes, Wanted
from wherry.kit.errors import Conflict, Invalid, NotFound, Unavailable
from wherry.linux.errors import KernelError


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
async def daemon(machine: Machine) -> AsyncIterator[Daemon]:
    await machine.up()
    yield machine.daemons[0]
    await machine.daemons[-1].close()


@pytest.fixture
def sandboxes(daemon: Daemon) -> Sandboxes:
    return daemon.containers.pods.sandboxes


def wanted(name: str = "one", **fields: object) -> Wanted:
    given = {"hostname": "host", "cgroup": f"kubepods/burstable/pod{name}", **fields}
    return Wanted(name=name, texts=lambda addresses: {"hosts": " ".join(addresses)}, **given)  # type: ignore[arg-type]


def nothing_left(machine: Machine) -> bool:
    clean = not machine.pins.there() and not machine.plumbing.published.get("wherry-12345678")
    return clean and not machine.tasks.sandboxes


async def test_a_sandbox_has_an_address_files_a_cgroup_and_ids(
    machine: Machine, daemon: Daemon, sandboxes: Sandboxes
) -> None:
    one = await sandboxes.start(wanted(resources={"pids": {"limit": 5}}, sysctls={"net.a": "1"}, note={"a": "b"}))
    endpoint = sandboxes.endpoint(one)
    assert endpoint is not None
    assert machine.pins.files[one.id] == {"hosts": endpoint.address}
    assert machine.pins.sysctls[one.id] == {"net.a": "1"}
    assert machine.groups["/wherry-12345678/kubepods/burstable/podone"].calls == ["create", {"pids": {"limit": 5}}]
    assert one.ids is not None and one.note == {"a": "b"}
    assert sandboxes.is_ready(one) and sandboxes.ready() == {one.id}
    assert [each.container_name for each in daemon.networks.attached(daemon.networks.get("bridge"))] == ["one"]
    assert sandboxes.get(one.id) is one and sandboxes.find("one") is one and list(sandboxes) == [one]
    assert sandboxes.file(one, "hosts") == f"/pins/{one.id}/hosts"


async def test_asked_twice_there_is_one(sandboxes: Sandboxes) -> None:
    first, second = await asyncio.gather(sandboxes.start(wanted()), sandboxes.start(wanted()))
    assert first is second
    assert await sandboxes.start(wanted()) is first


async def test_one_that_is_not_whole_any_more_is_made_anew(machine: Machine, sandboxes: Sandboxes) -> None:
    first = await sandboxes.start(wanted())
    machine.pins.reboot()
    assert not sandboxes.is_ready(first)
    second = await sandboxes.start(wanted())
    assert second.id != first.id and list(sandboxes) == [second]


async def test_its_first_container_finds_a_process_waiting_and_others_join_by_what_is_pinned(
    sandboxes: Sandboxes,
) -> None:
    one = await sandboxes.start(wanted())
    first, second = await sandboxes.place(one), await sandboxes.place(one)
    assert first.isolation.join_network is None
    joined = second.isolation
    assert joined.ids is not None and joined.ids.first == one.ids
    pins = [joined.join_network, joined.join_ipc, joined.join_uts, joined.join_user]
    assert pins == [Path(f"/pins/{one.id}/{kind}") for kind in ("net", "ipc", "uts", "user")]
    assert joined.join_pid is None
    third = await sandboxes.place(one, beside=4321)
    assert (third.isolation.join_pid, third.isolation.join_network) == (4321, joined.join_network)
    await third.discard()
    await first.discard()
    await second.discard()


async def test_a_process_that_has_ended_meanwhile_is_replaced(machine: Machine, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted())
    machine.tasks.end_daemon()
    place = await sandboxes.place(one)
    assert place.isolation.join_network is not None
    await place.discard()


async def test_nobody_is_placed_in_what_is_gone(machine: Machine, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted())
    await (await sandboxes.place(one)).discard()
    machine.pins.reboot()
    with pytest.raises(Unavailable, match="not ready"):
        await sandboxes.place(one)


async def test_with_the_hosts_ids_there_is_no_process_and_an_address_of_its_own(
    machine: Machine, sandboxes: Sandboxes
) -> None:
    one = await sandboxes.start(wanted(mapped=False))
    assert one.ids is None and not machine.tasks.sandboxes
    assert sandboxes.endpoint(one) is not None
    isolation = (await sandboxes.place(one)).isolation
    assert isolation.ids is None and isolation.join_user is None and isolation.join_network is not None


async def test_of_the_host_is_had_what_is_asked_for(machine: Machine, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted(mapped=False, host_network=True, host_pid=True, host_ipc=True))
    assert sandboxes.endpoint(one) is None
    assert machine.pins.files[one.id] == {"hosts": ""}
    isolation = (await sandboxes.place(one)).isolation
    kinds = {isolation.network, isolation.pid, isolation.ipc, isolation.uts}
    assert kinds == {Namespace.HOST}
    assert sandboxes.open_network(one) is None
    with pytest.raises(Invalid, match="cannot share the host's"):
        await sandboxes.start(wanted("two", host_pid=True))


@pytest.mark.parametrize("mapped", [True, False])
async def test_where_processes_are_shared_one_is_held(machine: Machine, sandboxes: Sandboxes, mapped: bool) -> None:
    one = await sandboxes.start(wanted(shares_processes=True, mapped=mapped))
    pid = machine.pins.processes[one.id]
    assert machine.tasks.held == {pid} and not machine.tasks.sandboxes
    group = machine.groups[f"/wherry-12345678/{one.cgroup}/{one.id}"]
    assert group.calls == ["create", f"attach {pid}"]
    place = await sandboxes.place(one)
    assert place.isolation.join_pid == Path(f"/pins/{one.id}/pid")
    await place.discard()


async def test_its_network_can_be_opened_while_it_is_there(machine: Machine, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted())
    fd = sandboxes.open_network(one)
    assert fd is not None
    os.close(fd)
    machine.pins.reboot()
    with pytest.raises(Unavailable):
        sandboxes.open_network(one)


@pytest.mark.parametrize("call", ["make", "write", "pin_processes"])
async def test_of_a_start_that_fails_nothing_is_left(machine: Machine, sandboxes: Sandboxes, call: str) -> None:
    machine.pins.refuse = {call}
    with pytest.raises(KernelError):
        await sandboxes.start(wanted(shares_processes=True))
    assert not list(sandboxes) and nothing_left(machine)
    assert (await sandboxes.start(wanted())).ids == 100_000, "and its ids are free again"


async def test_a_port_that_is_taken_is_a_conflict(machine: Machine, sandboxes: Sandboxes) -> None:
    await sandboxes.start(wanted(ports=[PortBinding(80, "tcp", "0.0.0.0", 8080)]))
    with pytest.raises(Conflict, match="port is already allocated"):
        await sandboxes.start(wanted("two", ports=[PortBinding(80, "tcp", "0.0.0.0", 8080)]))
    assert len(list(sandboxes)) == len(machine.pins.there()) == 1


async def test_a_process_that_cannot_be_held_ends_the_start(
    machine: Machine, sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wherry.engine.runtime.fake import FakeSandbox

    async def refused(self: FakeSandbox) -> None:
        self.die()
        raise StartFailed("hold", "no")

    monkeypatch.setattr(FakeSandbox, "hold", refused)
    with pytest.raises(StartFailed):
        await sandboxes.start(wanted(shares_processes=True))
    assert nothing_left(machine)


async def test_whoever_waits_may_be_cancelled_and_it_is_made_all_the_same(sandboxes: Sandboxes) -> None:
    task = asyncio.create_task(sandboxes.start(wanted()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    one = await sandboxes.start(wanted())
    assert list(sandboxes) == [one]


async def test_removed_it_is_gone_with_all_it_had(machine: Machine, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted(ports=[PortBinding(80, "tcp", "0.0.0.0", 8080)]))
    for _ in range(2):
        await sandboxes.remove(one.id)
    assert nothing_left(machine) and not list(sandboxes) and not sandboxes.exists(one.id)
    assert machine.groups[f"/wherry-12345678/{one.cgroup}"].calls[-2:] == ["kill", "delete"]
    with pytest.raises(NotFound):
        sandboxes.get(one.id)
    assert (await sandboxes.start(wanted("two"))).ids == one.ids


async def test_a_cgroup_stays_as_long_as_a_sandbox_has_it(machine: Machine, sandboxes: Sandboxes) -> None:
    first = await sandboxes.start(wanted("one", cgroup="kubepods/a/pod"))
    second = await sandboxes.start(wanted("two", cgroup="kubepods/a/pod"))
    group = machine.groups["/wherry-12345678/kubepods/a/pod"]
    await sandboxes.remove(first.id)
    assert "delete" not in group.calls
    await sandboxes.remove(second.id)
    assert "delete" in group.calls


async def test_one_attempt_goes_before_the_next_one_comes(machine: Machine, sandboxes: Sandboxes) -> None:
    """Else the cgroup that the second has just been given would go with the first."""
    first = await sandboxes.start(wanted("one", cgroup="kubepods/a/pod"))
    await asyncio.gather(sandboxes.remove(first.id), sandboxes.start(wanted("two", cgroup="kubepods/a/pod")))
    assert machine.groups["/wherry-12345678/kubepods/a/pod"].calls[-2:] == ["create", {}]


async def test_stopped_it_has_nothing_but_its_row_and_ids(machine: Machine, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted())
    for _ in range(2):
        await sandboxes.stop(one.id)
    await sandboxes.stop("nobody")
    assert nothing_left(machine) and list(sandboxes) == [one] and not sandboxes.is_ready(one)
    assert (await sandboxes.start(wanted("two"))).ids != one.ids


async def test_limits_can_be_changed(machine: Machine, daemon: Daemon, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted())
    await sandboxes.limit(one.id, {"pids": {"limit": 9}}, {"new": "note"})
    assert machine.groups[f"/wherry-12345678/{one.cgroup}"].calls[-1] == {"pids": {"limit": 9}}
    changed = sandboxes.get(one.id)
    assert (changed.resources, changed.note) == ({"pids": {"limit": 9}}, {"new": "note"})
    await sandboxes.limit_above("kubepods", {"cpu": {"shares": 5}})
    assert machine.groups["/wherry-12345678/kubepods"].calls == [{"cpu": {"shares": 5}}]


async def next_life(machine: Machine) -> Sandboxes:
    await machine.crash()
    machine.daemons[-1].database.close()
    return (await machine.up()).containers.pods.sandboxes


async def test_another_daemon_finds_them(machine: Machine, daemon: Daemon, sandboxes: Sandboxes) -> None:
    one = await sandboxes.start(wanted(ports=[PortBinding(80, "tcp", "0.0.0.0", 8080)]))
    found = await next_life(machine)
    assert list(found) == [one] and found.is_ready(one)
    endpoint = found.endpoint(one)
    assert endpoint is not None and endpoint == sandboxes.endpoint(one)
    assert machine.daemons[-1].networks.publications(one.id)
    assert (await found.start(wanted("two"))).ids != one.ids


async def test_after_a_reboot_they_are_not_ready_and_have_no_address(
    machine: Machine, daemon: Daemon, sandboxes: Sandboxes
) -> None:
    one = await sandboxes.start(wanted(ports=[PortBinding(80, "tcp", "0.0.0.0", 8080)]))
    machine.pins.reboot()
    found = await next_life(machine)
    assert list(found) == [one] and not found.is_ready(one)
    assert found.endpoint(one) is None and not machine.plumbing.published["wherry-12345678"]


async def test_what_has_no_row_is_removed_at_the_start(machine: Machine, daemon: Daemon, sandboxes: Sandboxes) -> None:
    stranger = PodSandbox(id="stranger", name="s", created=1, hostname="h", cgroup="kubepods/a/b")
    machine.pins.make(stranger, wanted(), None)
    one = await sandboxes.start(wanted())
    await next_life(machine)
    assert machine.pins.there() == [one.id]


async def test_let_go_of_they_stay_without_the_processes_that_wait(
    machine: Machine, daemon: Daemon, sandboxes: Sandboxes
) -> None:
    one = await sandboxes.start(wanted())
    for _ in range(2):
        await sandboxes.close()
    assert not machine.tasks.sandboxes and sandboxes.is_ready(one)


async def test_the_instances_end_takes_them_from_the_kernel_and_leaves_the_rows(
    machine: Machine, daemon: Daemon, sandboxes: Sandboxes
) -> None:
    one = await sandboxes.start(wanted(shares_processes=True))
    await daemon.containers.shut_down()
    assert nothing_left(machine) and list(sandboxes) == [one]
    assert machine.groups[f"/wherry-12345678/{one.cgroup}/{one.id}"].calls[-1] == "kill"
