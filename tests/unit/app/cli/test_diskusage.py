"""``system df`` and ``system prune``."""

import json

from tests.unit.app.cli.conftest import Daemon, Wherry
from wherry.app.cli.diskusage import usage

FOUND = {
    "LayersSize": 1000,
    "Images": [
        {"Containers": 1, "Size": 600, "SharedSize": 200},
        {"Containers": 0, "Size": 600, "SharedSize": 200},
    ],
    "Containers": [{"State": "running", "SizeRw": 30}, {"State": "exited", "SizeRw": 10}],
    "Volumes": [{"UsageData": {"RefCount": 1, "Size": 5}}, {"UsageData": {"RefCount": 0, "Size": 7}}],
    "BuildCache": [{"InUse": False, "Shared": True, "Size": 50}, {"InUse": False, "Shared": False, "Size": 60}],
}


def test_what_is_used_is_not_reclaimable() -> None:
    assert [tuple(row.values()) for row in usage(FOUND)] == [
        ("Images", "2", "1", "1kB", "600B (60%)"),
        ("Containers", "2", "1", "40B", "10B (25%)"),
        ("Local Volumes", "2", "1", "12B", "7B (58%)"),
        ("Build Cache", "2", "0", "60B", "60B (100%)"),
    ]


def test_nothing_is_no_share_of_nothing() -> None:
    nothing = {"LayersSize": 0, "Images": None, "Containers": [], "Volumes": None, "BuildCache": None}
    assert {row["Reclaimable"] for row in usage(nothing)} == {"0B"}


def test_a_daemon_is_asked(daemon: Daemon, wherry: Wherry) -> None:
    daemon.create(name="web", Binds=["data:/data"])
    lines = wherry("system", "df").out.splitlines()
    assert lines[0].split() == ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"]
    assert lines[2].split()[:3] == ["Containers", "1", "0"]
    row = json.loads(wherry("system", "df", "--format", "json").out.splitlines()[0])
    assert (row["Type"], row["Active"]) == ("Images", "1")


def test_pruning_takes_stopped_containers_first(daemon: Daemon, wherry: Wherry) -> None:
    stopped = daemon.create(name="web")
    refused = wherry("system", "prune", stdin=b"n\n")
    assert refused.code == 130
    assert "all stopped containers, dangling images and build cache" in refused.out
    result = wherry("system", "prune", "-f")
    assert result.out.startswith(f"Deleted Containers:\n{stopped}\n")
    assert "Total reclaimed space: " in result.out
    assert wherry("system", "prune", "-f", "--volumes", "--filter", "until=1h").code == 125
