"""``exec``, ``attach``, ``logs``."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.app.cli.conftest import Daemon, Wherry
from wherry.app.cli.streams import moment
from wherry.engine.runtime.fake import Life


def test_an_exec_shows_its_output_and_ends_with_its_status(daemon: Daemon, wherry: Wherry) -> None:
    daemon.start(name="web")
    assert wherry("exec", "web", "echo", "hello").out == "hello\n"
    assert wherry("exec", "web", "exit", "7").code == 7
    assert wherry("exec", "-i", "web", "echo", "x", stdin=b"input").out == "x\n"


def test_an_exec_has_what_was_asked_for(daemon: Daemon, wherry: Wherry, tmp_path: Path) -> None:
    container = daemon.start(name="web")
    (tmp_path / "env").write_text("B=2\n")
    arguments = ["-e", "A=1", "--env-file", str(tmp_path / "env"), "-u", "5:6", "-w", "/tmp", "--privileged"]
    assert wherry("exec", "-d", *arguments, "web", "wait", "--x").out == ""
    (running,) = daemon.machine.task(container).execs.values()
    process = running.spec.process
    assert process["args"] == ["wait", "--x"]
    assert {"A=1", "B=2"} <= set(process["env"])
    assert (process["cwd"], process["user"]["username"], running.spec.privileged) == ("/tmp", "5:6", True)
    assert running.spec.attachment is None


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["absent", "true"], 1, "No such container: absent"),
        (["made", "true"], 1, "is not running"),
        (["-it", "web", "sh"], 125, "the input device is not a TTY"),
        (["-e", "=x", "web", "true"], 125, "invalid environment variable"),
        (["--env-file", "/no/such", "web", "true"], 125, "/no/such"),
        (["web"], 125, "Missing argument"),
    ],
)
def test_an_exec_that_cannot_be_is_refused(
    daemon: Daemon, wherry: Wherry, arguments: list[str], code: int, message: str
) -> None:
    daemon.start(name="web")
    daemon.create(name="made")
    result = wherry("exec", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_attaching_goes_on_until_the_container_ends(daemon: Daemon, wherry: Wherry) -> None:
    container = daemon.start(name="web")
    task = daemon.machine.task(container)

    def speak() -> None:
        while not task._clients:
            threading.Event().wait(0.002)
        daemon.call(task.write, "stdout", b"hello\n")
        daemon.call(task.end, 4)

    speaker = threading.Thread(target=speak)
    speaker.start()
    result = wherry("attach", "--no-stdin", "web")
    speaker.join()
    assert (result.code, result.out) == (4, "hello\n")


def test_only_what_runs_can_be_attached_to(daemon: Daemon, wherry: Wherry) -> None:
    daemon.create(name="made")
    daemon.start(name="paused")
    daemon.do(daemon.engine.containers.pause("paused"))
    assert "cannot attach to a stopped container, start made first" in wherry("attach", "made").err
    assert "cannot attach to a paused container" in wherry("attach", "paused").err
    daemon.start(name="terminal", config_Tty=True, config_OpenStdin=True)
    assert "the input device is not a TTY" in wherry("attach", "terminal").err


@pytest.fixture
def talker(daemon: Daemon) -> Daemon:
    """A container ``web`` that has written three lines and ended."""
    lines = [("stdout", b"one\n"), ("stderr", b"two\n"), ("stdout", b"three\n")]
    daemon.machine.tasks.program = lambda _: Life(lines)
    daemon.start("x", name="web")
    while daemon.status("web") != "exited":
        threading.Event().wait(0.002)
    return daemon


def test_logs_go_where_they_were_written_to(talker: Daemon, wherry: Wherry) -> None:
    result = wherry("logs", "web")
    assert (result.out, result.err) == ("one\nthree\n", "two\n")
    assert wherry("logs", "-f", "web").out == "one\nthree\n"


def test_logs_may_be_the_last_lines_with_their_times(talker: Daemon, wherry: Wherry) -> None:
    assert wherry("logs", "-n", "1", "web").out == "three\n"
    stamp, text = wherry("logs", "-t", "--tail", "1", "web").out.split()
    assert text == "three"
    assert datetime.fromisoformat(stamp).tzinfo == UTC
    assert wherry("logs", "--since", "1h", "web").out == "one\nthree\n"
    assert wherry("logs", "--until", "1h", "web").out == ""
    assert wherry("logs", "--since", "yesterday", "web").code == 125


def test_a_terminals_log_has_one_stream(daemon: Daemon, wherry: Wherry) -> None:
    daemon.machine.tasks.program = lambda _: Life([("stdout", b"one\n")])
    daemon.start("x", name="web", config_Tty=True)
    assert wherry("logs", "web").out == "one\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        (" ", None),
        ("1700000000", "1700000000"),
        ("1700000000.5", "1700000000.5"),
        ("42m", f"{1000 - 42 * 60:.9f}"),
        ("1970-01-01T00:10:00Z", "600.000000000"),
        ("1970-01-01T01:00:00+01:00", "0.000000000"),
    ],
)
def test_a_moment_is_seconds_since_1970(text: str | None, expected: str | None) -> None:
    assert moment(text, 1000) == expected


@pytest.mark.parametrize("text", ["yesterday", "1x", "2024-13-01", "1.2.3", "¹"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="RFC 3339, Unix seconds or a duration such as 42m"):
        moment(text)


@given(st.text(max_size=12))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        found = moment(text, 1000)
    except click.UsageError:
        return
    assert found is None or float(found) is not None
