"""``volume``: create, ls, rm, prune."""

import json

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry


def test_a_volume_is_made_with_a_name_of_ones_own_or_another(daemon: Daemon, wherry: Wherry) -> None:
    assert wherry("volume", "create", "--label", "a=b", "data").out == "data\n"
    assert len(wherry("volume", "create").out.strip()) == 64
    (record,) = json.loads(wherry("volume", "inspect", "data").out)
    assert (record["Driver"], record["Labels"]) == ("local", {"a": "b"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-d", "nfs", "x"], "nfs"),
        (["no/name"], "no/name"),
        (["--label", "=x", "data"], "="),
    ],
)
def test_a_volume_that_cannot_be_is_refused(daemon: Daemon, wherry: Wherry, arguments: list[str], message: str) -> None:
    result = wherry("volume", "create", *arguments)
    assert result.code != 0
    assert message in result.err
    assert wherry("volume", "ls", "-q").out == ""


def test_volumes_are_listed_by_name(daemon: Daemon, wherry: Wherry) -> None:
    for name in ("bb", "aa"):
        wherry("volume", "create", "--label", f"which={name}", name)
    assert wherry("volume", "ls").out.split() == ["DRIVER", "VOLUME", "NAME", "local", "aa", "local", "bb"]
    assert wherry("volume", "ls", "-q").out == "aa\nbb\n"
    assert wherry("volume", "ls", "-q", "-f", "label=which=bb").out == "bb\n"
    assert (
        wherry("volume", "list", "--format", '{{.Name}} {{.Label "which"}} {{.Size}}').out == "aa aa N/A\nbb bb N/A\n"
    )


def test_only_what_nobody_uses_is_removed(daemon: Daemon, wherry: Wherry) -> None:
    daemon.create(name="web", Binds=["data:/data"])
    wherry("volume", "create", "other")
    result = wherry("volume", "rm", "data", "other", "absent")
    assert (result.code, result.out) == (1, "other\n")
    assert "volume is in use" in result.err
    assert "no such volume" in result.err
    assert wherry("volume", "rm", "-f", "absent").out == "absent\n"


def test_unused_ones_are_pruned_after_a_question(daemon: Daemon, wherry: Wherry) -> None:
    wherry("volume", "create", "named")
    anonymous = wherry("volume", "create").out
    refused = wherry("volume", "prune", stdin=b"n\n")
    assert refused.code == 130
    assert "all anonymous volumes not used by a container" in refused.out
    result = wherry("volume", "prune", "-f")
    assert result.out.startswith(f"Deleted Volumes:\n{anonymous}\nTotal reclaimed space: ")
    assert wherry("volume", "ls", "-q").out == "named\n"
    everything = wherry("volume", "prune", "-a", stdin=b"y\n")
    assert "all volumes not used by a container" in everything.out
    assert wherry("volume", "ls", "-q").out == ""
