"""``run`` and ``create``, from the command line to the container and back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry


def inspected(daemon: Daemon, container: str) -> dict[str, Any]:
    return daemon.call(daemon.engine.containers.inspect, container.strip())


def test_create_prints_an_id_and_starts_nothing(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("create", "--name", "web", "-e", "A=b", "-m", "64m", "demo:1", "sleep", "--opt", "1")
    assert (result.code, result.err) == (0, "")
    document = inspected(daemon, result.out)
    assert (document["Name"], document["State"]["Status"]) == ("/web", "created")
    assert (document["Path"], document["Args"]) == ("sleep", ["--opt", "1"])
    assert document["HostConfig"]["Memory"] == 64 << 20
    assert "A=b" in document["Config"]["Env"]


def test_run_shows_what_the_container_writes_and_ends_with_its_status(daemon: Daemon, wherry: Wherry) -> None:
    assert wherry("run", "demo:1", "echo", "hello").out == "hello\n"
    assert wherry("run", "demo:1", "exit", "7").code == 7


def test_run_in_the_background_prints_the_id(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("run", "-d", "demo:1")
    assert (result.code, len(result.out.strip())) == (0, 64)
    assert daemon.status(result.out.strip()) == "running"


def test_a_container_that_is_to_go_is_gone_when_run_returns(daemon: Daemon, wherry: Wherry) -> None:
    assert wherry("run", "--rm", "--name", "web", "demo:1", "exit", "3").code == 3
    assert not daemon.call(daemon.engine.exists, "web")


def test_what_was_asked_for_twice_is_told_as_a_warning(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("create", "--link", "db", "demo:1")
    assert result.code == 0
    assert result.err.startswith("WARNING: ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "demo:1", "missing"], 127, "executable file not found in $PATH"),
        (["run", "-d", "demo:1", "missing"], 127, "executable file not found in $PATH"),
        (["run", "--rm", "demo:1", "missing"], 127, "executable file not found in $PATH"),
        (["run", "--network", "mine", "demo:1"], 125, "network mine not found"),
        (["run", "--pull", "never", "absent:1"], 125, "No such image: absent:1"),
        (["run", "-d", "-a", "stdout", "demo:1"], 125, "Conflicting options: -a and -d"),
        (["run", "-it", "demo:1"], 125, "the input device is not a TTY"),
        (["run", "-m", "much", "demo:1"], 125, "invalid size: 'much'"),
        (["run", "-p", "x", "demo:1"], 125, "See 'wherry run --help'"),
        (["create", "--pull", "never", "absent:1"], 1, "No such image: absent:1"),
        (["run"], 125, "Missing argument 'IMAGE'"),
    ],
)
def test_what_cannot_be_has_dockers_status(
    daemon: Daemon, wherry: Wherry, arguments: list[str], code: int, message: str
) -> None:
    result = wherry(*arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_a_container_that_removes_itself_goes_also_when_it_could_not_start(daemon: Daemon, wherry: Wherry) -> None:
    wherry("run", "--rm", "--name", "web", "demo:1", "missing")
    assert not daemon.call(daemon.engine.exists, "web")


def test_nobody_answers_where_no_daemon_is(wherry: Wherry) -> None:
    result = wherry("run", "demo:1")
    assert result.code == 125
    assert result.err.startswith("wherry: Cannot connect to the Wherry daemon at unix://")


def test_an_id_may_be_written_to_a_file_that_is_not_there_yet(daemon: Daemon, wherry: Wherry, tmp_path: Path) -> None:
    file = tmp_path / "id"
    result = wherry("create", "--cidfile", str(file), "demo:1")
    assert file.read_text() == result.out.strip()
    again = wherry("create", "--cidfile", str(file), "demo:1")
    assert again.code == 125
    assert "container ID file found" in again.err
    assert "failed to create the container ID file" in wherry("create", "--cidfile", "/no/such/x", "demo:1").err


def test_flags_end_where_the_image_begins(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("create", "demo:1", "-e", "--rm", "--name")
    assert inspected(daemon, result.out)["Args"] == ["--rm", "--name"]


def test_a_missing_image_is_pulled_and_that_is_said(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("run", "absent:1")
    assert result.err.startswith("Unable to find image 'absent:1' locally\n")


def test_input_goes_to_a_container_that_takes_it(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("run", "-i", "demo:1", "echo", "hello", stdin=b"some input")
    assert (result.code, result.out) == (0, "hello\n")


def test_a_format_of_inspect_finds_what_run_made(daemon: Daemon, wherry: Wherry) -> None:
    wherry("create", "--name", "web", "-l", "a=b", "demo:1")
    assert json.loads(wherry("inspect", "-f", "{{json .Config.Labels}}", "web").out) == {"a": "b"}
