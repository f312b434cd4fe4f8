"""What ``docker info`` tells of this machine and engine."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.dockerapi.fakes import FakeContainers, FakeEvents, FakeImages
from wherry.dockerapi.host import memory_bytes
from wherry.dockerapi.info import Info
from wherry.engine.distribution.endpoints import Endpoints
from wherry.engine.instance import Instance


class States(FakeContainers):
    """Containers of which nothing but their states is known."""

    def __init__(self, *states: str) -> None:
        super().__init__()
        self._states = states

    def states(self) -> Sequence[str]:
        return self._states


def info(*states: str, root: str = "/nowhere") -> Info:
    return Info(Instance.at(Path(root)), States(*states), FakeImages(), FakeEvents(listener_count=3), Endpoints())


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        ((), (0, 0, 0, 0)),
        (("running", "running", "paused", "exited"), (4, 2, 1, 1)),
        (("restarting", "created", "dead"), (3, 1, 0, 2)),
    ],
)
def test_every_container_is_running_paused_or_stopped(states: tuple[str, ...], counts: tuple[int, ...]) -> None:
    document = info(*states).document(51)
    assert tuple(document[f"Containers{name}"] for name in ("", "Running", "Paused", "Stopped")) == counts


def test_the_machine_is_this_one() -> None:
    document = info().document(51)
    assert document["NCPU"] == len(os.sched_getaffinity(0))
    assert document["MemTotal"] == memory_bytes()
    assert document["KernelVersion"] == os.uname().release
    assert document["OSType"] == "linux"
    assert document["DockerRootDir"] == "/nowhere"
    assert document["NEventsListener"] == 3
    assert document["NFd"] >= 3
    assert datetime.fromisoformat(document["SystemTime"]).tzinfo == UTC


def test_an_engines_id_is_its_own_and_stays() -> None:
    one = info(root="/one").document(51)["ID"]
    assert one == info(root="/one").document(51)["ID"]
    assert one != info(root="/other").document(51)["ID"]


def test_nothing_to_warn_of_is_null() -> None:
    warnings = info().document(51)["Warnings"]
    assert warnings is None or all(line.startswith("WARNING: ") for line in warnings)
    assert warnings != []


def test_each_version_has_the_members_it_knows() -> None:
    document = info().document(48)
    assert "FirewallBackend" not in document
    assert document["BridgeNfIptables"] is False
    assert info().document(49)["FirewallBackend"] == {"Driver": "nftables"}
    assert "BridgeNfIptables" not in info().document(50)
