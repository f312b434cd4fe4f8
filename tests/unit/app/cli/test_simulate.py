"""``simulate`` on the command line: what it takes and shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wherry.app.cli.simulate import Screen, described
from wherry.node.simulation.counts import Progress

Wherry = Callable[..., Any]


def test_how_far_it_is_is_a_line() -> None:
    assert described(Progress(nodes=3, ready=2)) == "nodes: 2 of 3 ready; pods: 0 of 0 ready"
    assert described(Progress(3, 3, 7, 4, 2, 1)) == "nodes: 3 of 3 ready; pods: 4 of 7 ready, 2 ended, 1 leaving"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nodes", "0"], "0 is not in the range"), ([], "Missing option '--nodes'"),
        (["--nodes", "1", "--label", "x"], "--label x: is not KEY=VALUE"),
        (["--nodes", "1", "--taint", "x:Never"], "--taint x:Never: is not KEY[=VALUE]:EFFECT"),
        (["--nodes", "1", "--memory", "much"], "--memory much: "),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wherry: Wherry, tmp_path: Path, arguments: list[str], said: str) -> None:
    file = tmp_path / "kubeconfig"
    file.touch()
    found = wherry("simulate", "--kubeconfig", str(file), *arguments)
    assert found.code != 0
    assert said in found.err


def test_without_a_cluster_it_says_how_to_get_one(wherry: Wherry, tmp_path: Path) -> None:
    assert "no cluster in" in wherry("--root", str(tmp_path / "none"), "simulate", "--nodes", "1").err


def test_a_terminal_has_a_line_that_changes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    screen.show(Progress(nodes=2))
    screen.say("2 nodes ready")
    assert capsys.readouterr().out == "2 nodes ready\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    screen = Screen()
    for ready in (1, 1, 2):
        screen.show(Progress(nodes=2, ready=ready))
    screen.say("done")
    assert capsys.readouterr().out == (
        "nodes: 1 of 2 ready; pods: 0 of 0 ready\r\x1b[Knodes: 2 of 2 ready; pods: 0 of 0 ready\r\x1b[Kdone\n"
    )
