"""``events``, ``info``, ``version``."""

import json
import re

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry
from wherry import __version__
from wherry.app.cli.system import shown_event


def test_the_versions_of_both_sides(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("version")
    assert result.code == 0
    assert result.out.count(f"Version:     {__version__}") == 2
    assert "API version: 1.51 (minimum version 1.24)" in result.out
    assert wherry("version", "-f", "{{.Client.Version}} {{.Server.Os}}").out == f"{__version__} linux\n"


def test_without_a_daemon_ones_own_version_is_told_and_the_fault(wherry: Wherry) -> None:
    result = wherry("version")
    assert result.code == 1
    assert __version__ in result.out
    assert "Server" not in result.out
    assert result.err.startswith("wherry: Cannot connect to the Wherry daemon")
    assert wherry("version", "-f", "{{json .Server}}").out == "null\n"


def test_info_counts_containers_and_knows_the_machine(daemon: Daemon, wherry: Wherry) -> None:
    daemon.start()
    daemon.create()
    lines = dict(line.split(": ", 1) for line in wherry("info").out.splitlines() if ": " in line)
    assert (lines["Containers"], lines[" Running"], lines[" Stopped"], lines["Images"]) == ("2", "1", "1", "1")
    assert lines["Server Version"] == __version__
    assert lines["Root Dir"] == str(daemon.machine.instance.root)
    assert wherry("info", "-f", "{{.Containers}}").out == "2\n"
    assert json.loads(wherry("info", "-f", "json").out)["Driver"] == "overlayfs"


def test_events_of_a_time_are_shown_and_then_it_ends(daemon: Daemon, wherry: Wherry) -> None:
    attributes = {"name": "web", "image": "demo:1"}
    daemon.call(daemon.engine.events.publish, "container", "start", "c1", attributes)
    daemon.call(daemon.engine.events.publish, "volume", "create", "data", {})
    now = ["--since", "1h", "--until", "0s"]
    lines = wherry("events", *now).out.splitlines()
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)"
    assert re.fullmatch(rf"{stamp} container start c1 \(image=demo:1, name=web\)", lines[0])
    assert lines[1].endswith(" volume create data")
    assert wherry("events", *now, "-f", "type=volume", "--format", "{{.Action}}").out == "create\n"
    assert json.loads(wherry("events", *now, "-f", "container=web", "--format", "json").out)["id"] == "c1"
    assert wherry("events", *now, "-f", "nonsense=1").code == 1


@pytest.mark.parametrize("attributes", [None, {}])
def test_an_event_without_attributes_has_no_brackets(attributes: object) -> None:
    event = {"timeNano": 5, "Type": "network", "Action": "prune", "Actor": {"ID": "", "Attributes": attributes}}
    assert shown_event(event).endswith(" network prune ")
    assert ".000000005" in shown_event(event)


def test_a_format_that_is_none_is_refused(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("info", "-f", "{{nonsense}}")
    assert result.code == 125
    assert 'template parsing error: template: function "nonsense" not defined' in result.err
