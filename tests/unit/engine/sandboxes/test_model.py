"""What a sandbox has of its own."""

import pytest

from wherry.engine.sandboxes.model import PodSandbox, Wanted


def sandbox(**fields: object) -> PodSandbox:
    given = {"id": "a", "name": "n", "created": 1, "hostname": "h", "cgroup": "kubepods/x/y", **fields}
    return PodSandbox(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({}, ("net", "ipc", "uts")),
        ({"ids": 65536}, ("net", "ipc", "uts", "user")),
        ({"ids": 65536, "shares_processes": True}, ("net", "ipc", "uts", "user", "pid")),
        ({"host_network": True}, ("ipc",)),
        ({"host_ipc": True}, ("net", "uts")),
        ({"host_pid": True, "shares_processes": True}, ("net", "ipc", "uts")),
        ({"host_network": True, "host_ipc": True, "host_pid": True}, ()),
    ],
)
def test_namespaces_are_its_own_unless_they_are_the_hosts(fields: dict[str, object], kinds: tuple[str, ...]) -> None:
    assert sandbox(**fields).kinds == kinds


def test_it_is_mapped_when_it_has_ids() -> None:
    assert sandbox(ids=1).is_mapped
    assert not sandbox().is_mapped


@pytest.mark.parametrize("name", ["host_network", "host_pid", "host_ipc"])
def test_one_namespace_of_the_hosts_is_enough_to_share_with_it(name: str) -> None:
    wanted = {"name": "n", "hostname": "h", "cgroup": "c", "texts": lambda addresses: {}}
    assert Wanted(**wanted, **{name: True}).shares_with_host  # type: ignore[arg-type]
    assert not Wanted(**wanted).shares_with_host  # type: ignore[arg-type]
