"""``network ls``."""

import json

from tests.unit.app.cli.conftest import Daemon, Wherry


def test_networks_are_listed_by_name(daemon: Daemon, wherry: Wherry) -> None:
    heading, *lines = wherry("network", "ls").out.splitlines()
    assert heading.split() == ["NETWORK", "ID", "NAME", "DRIVER", "SCOPE"]
    assert [line.split()[1:] for line in lines] == [
        ["bridge", "bridge", "local"],
        ["host", "host", "local"],
        ["none", "null", "local"],
    ]


def test_ids_are_short_unless_asked_for_whole(daemon: Daemon, wherry: Wherry) -> None:
    short, whole = (wherry("network", "ls", "-q", *flags).out.split() for flags in ([], ["--no-trunc"]))
    assert [len(one) for one in short] == [12] * 3
    assert [one[:12] for one in whole] == short
    assert [len(one) for one in whole] == [64] * 3


def test_a_filter_shows_what_fits(daemon: Daemon, wherry: Wherry) -> None:
    assert wherry("network", "ls", "-f", "driver=null", "--format", "{{.Name}}").out == "none\n"
    assert "invalid filter 'size'" in wherry("network", "ls", "-f", "size=1").err


def test_every_field_may_be_asked_for(daemon: Daemon, wherry: Wherry) -> None:
    line = wherry("network", "list", "-f", "name=bridge", "--format", "json").out
    row = json.loads(line)
    assert (row["Name"], row["IPv6"], row["Internal"], row["Labels"]) == ("bridge", "false", "false", "")
    assert row["CreatedAt"] > "2"
    assert wherry("network", "ls", "-f", "name=bridge", "--format", '{{.Label "a"}}|').out == "|\n"
