"""``top``, ``stats``, ``update``, ``port``."""

import json
from typing import Any

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry
from wherry.app.cli.details import stats_row
from wherry.engine.containers.model import HostPlace

FIGURES: dict[str, Any] = {
    "id": "a" * 64,
    "name": "/web",
    "memory_stats": {"usage": 3 << 20, "limit": 4 << 20, "stats": {"inactive_file": 1 << 20}},
    "cpu_stats": {"cpu_usage": {"total_usage": 300}, "system_cpu_usage": 2000, "online_cpus": 2},
    "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000},
    "networks": {"eth0": {"rx_bytes": 1000, "tx_bytes": 5}, "eth1": {"rx_bytes": 500, "tx_bytes": 0}},
    "blkio_stats": {
        "io_service_bytes_recursive": [
            {"op": "Read", "value": 4096},
            {"op": "write", "value": 10},
            {"op": "total", "value": 4106},
        ]
    },
    "pids_stats": {"current": 3},
}


def test_a_row_of_stats_is_what_docker_shows() -> None:
    assert stats_row("web", FIGURES, False) == {
        "ID": "a" * 12,
        "Container": "web",
        "Name": "web",
        "CPUPerc": "40.00%",
        "MemUsage": "2MiB / 4MiB",
        "MemPerc": "50.00%",
        "NetIO": "1.5kB / 5B",
        "BlockIO": "4.1kB / 10B",
        "PIDs": "3",
    }
    assert stats_row("web", FIGURES, True)["ID"] == "a" * 64


@pytest.mark.parametrize(
    "changes",
    [
        {"precpu_stats": {}, "cpu_stats": {}},
        {"precpu_stats": FIGURES["cpu_stats"]},
        {"cpu_stats": FIGURES["precpu_stats"], "precpu_stats": FIGURES["cpu_stats"]},
    ],
)
def test_without_a_time_that_passed_no_processor_was_used(changes: dict[str, Any]) -> None:
    assert stats_row("web", FIGURES | changes, False)["CPUPerc"] == "0.00%"


def test_what_does_not_run_has_nothing() -> None:
    row = stats_row("web", {"memory_stats": {}, "blkio_stats": {"io_service_bytes_recursive": None}}, False)
    assert (row["ID"], row["Name"], row["MemUsage"], row["MemPerc"], row["PIDs"]) == (
        "web",
        "--",
        "0B / 0B",
        "0.00%",
        "0",
    )


def test_more_cache_than_memory_is_no_memory() -> None:
    memory = {"usage": 1, "limit": 10, "stats": {"total_inactive_file": 5}}
    assert stats_row("web", FIGURES | {"memory_stats": memory}, False)["MemUsage"] == "0B / 10B"


def test_stats_of_those_that_run(daemon: Daemon, wherry: Wherry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.engine.containers.figures._SECOND", 0.01)
    daemon.start(name="web")
    daemon.create(name="other")
    result = wherry("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}")
    assert result.code == 0
    assert result.out.startswith("web 4KiB / ")
    assert wherry("stats", "--no-stream", "--format", "{{.Name}}", "other").out == "other\n"
    assert wherry("stats", "--no-stream", "absent").err.endswith("No such container: absent\n")


def test_the_processes_of_a_container(daemon: Daemon, wherry: Wherry) -> None:
    daemon.start(name="web")
    result = wherry("top", "web", "-o", "pid,comm")
    heading, *lines = result.out.splitlines()
    assert heading.split() == ["PID", "COMMAND"]
    assert len(lines) == 1  # of the imagined group: this very process
    assert "is not running" in wherry("top", daemon.create()).err


def test_ports_are_shown_where_they_are_published(daemon: Daemon, wherry: Wherry) -> None:
    ports = {
        "80/tcp": [HostPlace("0.0.0.0", "8080"), HostPlace("::", "8080")],
        "53/udp": [HostPlace("127.0.0.1", "53")],
    }
    daemon.start(name="web", PortBindings=ports)
    assert wherry("port", "web").out == "53/udp -> 127.0.0.1:53\n80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n"
    assert wherry("port", "web", "80").out == "0.0.0.0:8080\n[::]:8080\n"
    assert wherry("port", "web", "53/udp").out == "127.0.0.1:53\n"
    missing = wherry("port", "web", "53")
    assert missing.code == 125
    assert "no public port '53/tcp' published for web" in missing.err


def test_limits_are_changed_of_all_that_are_named(daemon: Daemon, wherry: Wherry) -> None:
    daemon.start(name="web")
    daemon.create(name="other")
    arguments = ["-m", "64m", "--memory-swap", "-1", "--cpus", "1.5", "--pids-limit", "9", "--restart", "on-failure:3"]
    result = wherry("update", *arguments, "web", "other")
    assert (result.code, result.out) == (0, "web\nother\n")
    host = json.loads(wherry("inspect", "web").out)[0]["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (64 << 20, -1, 1_500_000_000)
    assert (host["PidsLimit"], host["RestartPolicy"]) == (9, {"Name": "on-failure", "MaximumRetryCount": 3})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["web"], "you must provide one or more flags"),
        (["-m", "much", "web"], "invalid size: 'much'"),
        (["--restart", "sometimes:3", "web"], "restart"),
        ([], "Missing argument"),
    ],
)
def test_a_change_that_means_nothing_is_refused(wherry: Wherry, arguments: list[str], message: str) -> None:
    result = wherry("update", *arguments)
    assert result.code in (1, 125)
    assert message in result.err


def test_a_change_that_fails_for_one_is_made_for_the_others(daemon: Daemon, wherry: Wherry) -> None:
    daemon.create(name="web")
    result = wherry("update", "-m", "64m", "absent", "web")
    assert (result.code, result.out) == (1, "web\n")
    assert result.err == "Error response from daemon: No such container: absent\n"
