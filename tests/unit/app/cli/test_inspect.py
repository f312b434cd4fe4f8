"""``inspect``: the whole record of whatever a name means."""

import json

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry


@pytest.fixture
def things(daemon: Daemon) -> Daemon:
    """A container, an image, a network and a volume."""
    daemon.create(name="web", Binds=["data:/data"])
    return daemon


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("web", "Name", "/web"),
        ("demo:1", "RepoTags", ["demo:1"]),
        ("bridge", "Driver", "bridge"),
        ("data", "Name", "data"),
    ],
)
def test_a_name_is_looked_for_among_everything(
    things: Daemon, wherry: Wherry, name: str, key: str, value: object
) -> None:
    (record,) = json.loads(wherry("inspect", name).out)
    assert record[key] == value


@pytest.mark.parametrize(
    ("kind", "name"), [("container", "web"), ("image", "demo:1"), ("network", "bridge"), ("volume", "data")]
)
def test_one_kind_may_be_said_in_two_ways(things: Daemon, wherry: Wherry, kind: str, name: str) -> None:
    assert wherry(kind, "inspect", name).out == wherry("inspect", "--type", kind, name).out != ""
    other = "volume" if kind != "volume" else "network"
    wrong = wherry("inspect", "--type", other, name)
    assert wrong.code == 1
    assert wrong.err == f"Error: No such {other}: {name}\n"


def test_what_is_there_is_shown_and_what_is_not_is_said(things: Daemon, wherry: Wherry) -> None:
    result = wherry("inspect", "web", "absent", "data", "NO SUCH")
    assert result.code == 1
    assert [record["Name"] for record in json.loads(result.out)] == ["/web", "data"]
    assert result.err == "Error: No such object: absent\nError: No such object: NO SUCH\n"


def test_nothing_found_is_an_empty_list(things: Daemon, wherry: Wherry) -> None:
    result = wherry("container", "inspect", "absent")
    assert (result.code, result.out) == (1, "[]\n")
    assert result.err == "Error: No such container: absent\n"


def test_a_format_is_applied_to_each(things: Daemon, wherry: Wherry) -> None:
    assert wherry("inspect", "-f", "{{.Name}}", "web", "data").out == "/web\ndata\n"
    assert json.loads(wherry("inspect", "-f", "json", "data").out)["Name"] == "data"
    broken = wherry("inspect", "-f", "{{.Name", "web")
    assert broken.code == 125
    assert "template parsing error: template: unclosed action" in broken.err


@pytest.mark.parametrize("size", [False, True])
def test_sizes_are_told_when_asked_for(things: Daemon, wherry: Wherry, size: bool) -> None:
    (record,) = json.loads(wherry("inspect", *(["-s"] if size else []), "web").out)
    assert ("SizeRw" in record) is size


def test_text_is_shown_as_it_is(things: Daemon, wherry: Wherry) -> None:
    things.create(name="other", config_Labels={"a": "ü"})
    assert '"ü"' in wherry("inspect", "other").out
