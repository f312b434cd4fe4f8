"""Namespaces that containers share."""

from typing import Any

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine
from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import HostConfig
from wherry.engine.containers.row import Container
from wherry.engine.containers.sharing import Donor, Shared, donors_of, isolation, shares
from wherry.engine.runtime.model import IdRange, Namespace
from wherry.kit.errors import Conflict, Invalid


def donor(**fields: Any) -> Donor:
    return 4242, row(**({"ids": 100_000} | fields))


def test_a_container_has_all_namespaces_of_its_own() -> None:
    made = isolation(row(ids=165_536), Shared())
    assert made.ids == IdRange(165_536)
    kinds = (made.network, made.pid, made.ipc, made.uts, made.cgroup)
    assert kinds == (Namespace.NEW,) * 5
    assert made.join_user is None


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("NetworkMode", "network"),
        ("PidMode", "pid"),
        ("IpcMode", "ipc"),
        ("UTSMode", "uts"),
        ("CgroupnsMode", "cgroup"),
    ],
)
def test_a_namespace_of_the_host_is_asked_for_by_its_mode(field: str, name: str) -> None:
    options: dict[str, Any] = {field: "host"}
    made = isolation(row(host=HostConfig(**options), mapped=False), Shared())
    assert getattr(made, name) is Namespace.HOST
    assert made.ids is None


def test_who_joins_has_the_user_namespace_that_owns_what_is_joined() -> None:
    found = donor()
    made = isolation(row(ids=100_000), Shared(network=found, pid=found))
    assert (made.join_network, made.join_pid, made.join_ipc, made.join_user) == (4242, 4242, None, 4242)


def test_who_joins_a_container_of_the_hosts_user_namespace_has_none_to_join() -> None:
    made = isolation(row(mapped=False), Shared(network=donor(mapped=False, ids=None)))
    assert (made.join_network, made.join_user, made.ids) == (4242, None, None)


def test_namespaces_of_two_user_namespaces_cannot_be_joined() -> None:
    shared = Shared(network=donor(), pid=donor(ids=165_536))
    with pytest.raises(Conflict, match="different user namespaces"):
        shared.common()
    assert Shared().common() is None


def test_the_donors_are_those_of_the_modes() -> None:
    host = HostConfig(NetworkMode="container:a", PidMode="container:b", IpcMode="shareable")
    assert donors_of(host) == ["a", "b"]


def test_only_shareable_ipc_is_shared() -> None:
    def find(ref: str, what: str) -> tuple[int, Container]:
        return donor()

    with pytest.raises(Conflict, match="non-shareable IPC"):
        shares(HostConfig(IpcMode="container:x"), find)


async def test_who_joins_a_network_sees_the_same_files(daemon: Daemon, machine: Machine) -> None:
    first = await daemon.run(name="first")
    second = await daemon.run(NetworkMode="container:first")
    mounts = {one["destination"]: one["source"] for one in machine.task(second).spec.config["mounts"]}
    for name in ("hosts", "resolv.conf", "hostname"):
        assert mounts[f"/etc/{name}"] == str(machine.instance.containers / first / name)
    assert machine.task(second).spec.config["hostname"] == first[:12]
    assert daemon.containers.inspect(second)["HostConfig"]["NetworkMode"] == f"container:{first}"


async def test_a_container_that_does_not_run_cannot_be_joined(daemon: Daemon) -> None:
    await daemon.create(name="idle")
    second = await daemon.create(NetworkMode="container:idle")
    with pytest.raises(Conflict, match="cannot join network of a non running container"):
        await daemon.containers.start(second)


async def test_nobody_can_be_joined_who_is_not_there(daemon: Daemon) -> None:
    with pytest.raises(Invalid, match="No such container: nobody"):
        await daemon.create(PidMode="container:nobody")


async def test_ids_that_are_shared_are_not_free_before_the_last_has_gone(daemon: Daemon) -> None:
    first = await daemon.run(name="first")
    second = await daemon.run(NetworkMode="container:first")

    def ids(container: str) -> str:
        return str(daemon.containers.inspect(container)["Wherry"]["UserNamespace"]["Ids"])

    shared = ids(first)
    assert ids(second) == shared
    await daemon.containers.remove(first, force=True)
    assert ids(await daemon.run()) != shared
    await daemon.containers.remove(second, force=True)
    assert ids(await daemon.run()) == shared
