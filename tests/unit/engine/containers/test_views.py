"""Containers in Docker's JSON."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.rows import row
from wherry.engine.containers.health import Health
from wherry.engine.containers.health import Status as HealthStatus
from wherry.engine.containers.model import Config, EndpointSettings, HostConfig, State
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.containers.views import Around, Place, ago, inspect, networks, status, summary, timestamp
from wherry.engine.networks.model import Endpoint, PortBinding

SECOND = 1_000_000_000
ENDPOINT = Endpoint("n" * 64, "bridge", "e" * 64, "172.17.0.2", 16, "172.17.0.1", "02:42:ac:11:00:02")


def shown(container: Container, endpoint: Endpoint | None = None, *published: PortBinding) -> dict[str, Any]:
    return inspect(container, Around(Path("/c"), [Place("bridge", "n" * 64, endpoint)], published))


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0001-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456789Z"),
    ],
)
def test_times_are_written_as_go_writes_them(nanoseconds: int, text: str) -> None:
    assert timestamp(nanoseconds) == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.5, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (3599, "59 minutes"),
        (3600, "About an hour"),
        (3600 * 2, "2 hours"),
        (3600 * 47, "47 hours"),
        (3600 * 48, "2 days"),
        (86400 * 14, "2 weeks"),
        (86400 * 60, "2 months"),
        (86400 * 800, "2 years"),
    ],
)
def test_durations_are_said_as_docker_says_them(seconds: float, words: str) -> None:
    """docker/go-units, duration.go."""
    assert ago(seconds) == words


@given(st.floats(0, 1e10))
def test_every_duration_has_words(seconds: float) -> None:
    assert ago(seconds)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.CREATED, "Created"),
        (State.RUNNING, "Up 10 seconds"),
        (State.PAUSED, "Up 10 seconds (Paused)"),
        (State.RESTARTING, "Restarting (3) 5 seconds ago"),
        (State.EXITED, "Exited (3) 5 seconds ago"),
        (State.REMOVING, "Removal In Progress"),
        (State.DEAD, "Dead"),
    ],
)
def test_the_status_of_each_state(state: State, words: str) -> None:
    container = row(state=state, exit_code=3, started=90 * SECOND, finished=95 * SECOND)
    assert status(container, 100 * SECOND) == words


@pytest.mark.parametrize(
    ("state", "health", "words"),
    [
        (State.RUNNING, Health(), "Up 10 seconds (health: starting)"),
        (State.RUNNING, Health(HealthStatus.HEALTHY), "Up 10 seconds (healthy)"),
        (State.RUNNING, Health(HealthStatus.UNHEALTHY), "Up 10 seconds (unhealthy)"),
        (State.PAUSED, Health(HealthStatus.HEALTHY), "Up 10 seconds (Paused)"),
        (State.EXITED, Health(HealthStatus.UNHEALTHY), "Exited (0) 5 seconds ago"),
    ],
)
def test_the_health_of_what_runs_is_in_its_status(state: State, health: Health, words: str) -> None:
    container = row(state=state, health=health, started=90 * SECOND, finished=95 * SECOND)
    assert status(container, 100 * SECOND) == words


@pytest.mark.parametrize("state", list(State))
def test_every_state_can_be_inspected(state: State) -> None:
    found = shown(row(state=state, pid=5))["State"]
    assert found["Status"] == str(state)
    assert found["Running"] == (state in (State.RUNNING, State.PAUSED, State.RESTARTING))
    assert found["Paused"] == (state is State.PAUSED)


def test_what_was_asked_for_is_shown_with_the_defaults_that_hold() -> None:
    found = shown(row(host=HostConfig(Memory=1 << 26, NetworkMode="default")))["HostConfig"]
    assert (found["NetworkMode"], found["MemorySwap"], found["ShmSize"]) == ("bridge", 1 << 27, 1 << 26)
    assert (found["IpcMode"], found["CgroupnsMode"], found["PidsLimit"]) == ("private", "private", None)
    assert found["LogConfig"] == {"Type": "json-file", "Config": {}}
    assert found["RestartPolicy"] == {"Name": "no", "MaximumRetryCount": 0}


@pytest.mark.parametrize(
    ("fields", "mode", "ids"),
    [
        ({"mapped": True, "ids": 100_000}, "private", "100000:65536"),
        ({"mapped": True, "ids": None}, "private", ""),
        ({"mapped": False}, "host", ""),
    ],
)
def test_inspect_says_which_user_namespace_it_has(fields: dict[str, Any], mode: str, ids: str) -> None:
    assert shown(row(**fields))["Wherry"]["UserNamespace"] == {"Mode": mode, "Ids": ids}


def test_the_default_bridge_is_shown_twice() -> None:
    found = shown(row(state=State.RUNNING, pid=5), ENDPOINT, PortBinding(80, "tcp", "0.0.0.0", 8080))
    settings = found["NetworkSettings"]
    assert settings["IPAddress"] == settings["Networks"]["bridge"]["IPAddress"] == "172.17.0.2"
    assert settings["MacAddress"] == "02:42:ac:11:00:02"
    assert settings["Ports"] == {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}


def test_what_does_not_run_has_no_address_and_no_ports() -> None:
    container = row(state=State.EXITED, config=Config(ExposedPorts={"80/tcp": {}}))
    settings = shown(container)["NetworkSettings"]
    assert settings["Ports"] == {}
    assert settings["IPAddress"] == settings["Networks"]["bridge"]["IPAddress"] == ""


def test_each_network_is_shown_with_what_was_asked_of_it() -> None:
    asked = EndpointSettings(
        Aliases=["db"], IPAMConfig={"IPv4Address": "10.0.0.5"}, MacAddress="02:00:00:00:00:05", DriverOpts={"a": "b"}
    )
    places = [Place("bridge", "n" * 64, ENDPOINT), Place("mine", "m" * 64, None, asked, ["web", "db"])]
    found = networks(places)
    assert list(found) == ["bridge", "mine"]
    assert (found["bridge"]["IPAddress"], found["bridge"]["Aliases"]) == ("172.17.0.2", None)
    mine = found["mine"]
    assert (mine["IPAddress"], mine["Aliases"], mine["DNSNames"]) == ("", ["db"], ["web", "db"])
    assert (mine["MacAddress"], mine["DriverOpts"]) == ("02:00:00:00:00:05", {"a": "b"})
    assert (mine["NetworkID"], mine["IPAMConfig"]) == ("m" * 64, {"IPv4Address": "10.0.0.5"})
    assert networks([]) == {}


def test_mounts_are_shown_but_for_tmpfs() -> None:
    mounts = [
        MountPoint(kind="volume", destination="/v", name="v", source="/vs/v/_data", mode="z"),
        MountPoint(kind="bind", destination="/b", source="/host", writable=False, propagation="rprivate"),
        MountPoint(kind="tmpfs", destination="/t", shown=False),
    ]
    found = shown(row(mounts=mounts))["Mounts"]
    assert found[0] == {
        "Type": "volume",
        "Name": "v",
        "Driver": "local",
        "Source": "/vs/v/_data",
        "Destination": "/v",
        "Mode": "z",
        "RW": True,
        "Propagation": "",
    }
    assert (found[1]["Type"], found[1]["RW"], found[1]["Propagation"]) == ("bind", False, "rprivate")
    assert len(found) == 2


def test_a_list_entry_is_what_docker_ps_needs() -> None:
    container = row(state=State.RUNNING, path="sh", args=["-c", "echo a b"], created=7 * SECOND, started=SECOND, pid=5)
    entry = summary(
        container, [Place("bridge", "n" * 64, ENDPOINT)], [PortBinding(80, "tcp", "0.0.0.0", 8080)], 3 * SECOND
    )
    assert (entry["Names"], entry["Command"], entry["Created"]) == (["/web"], "sh -c 'echo a b'", 7)
    assert (entry["State"], entry["Status"]) == ("running", "Up 2 seconds")
    assert entry["Ports"] == [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}]
    assert entry["Labels"] == {}
