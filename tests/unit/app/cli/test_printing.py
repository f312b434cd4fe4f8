"""K23 (CVE-2021-25743): what others wrote is shown on a terminal, and controls it no more."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.app.cli.conftest import Daemon, Wherry
from wherry.app.cli.output import table
from wherry.app.cli.printing import escaped, say

TITLE, CLEAR, CSI = "\x1b]0;owned\x07", "\x1b[2J\r", "\x9b31m\x7f"
HOSTILE = TITLE + CLEAR + CSI
SHOWN = r"^[]0;owned^G^[[2J^M\u009b31m\u007f"


def _controls(text: str) -> list[str]:
    """Characters that a terminal would obey, but for the end of a line and a tab."""
    return [each for each in text if (ord(each) < 0x20 and each not in "\n\t") or 0x7F <= ord(each) < 0xA0]


@given(st.text())
def test_nothing_escaped_controls_and_all_else_stays(text: str) -> None:
    assert not _controls(escaped(text))
    assert escaped(escaped(text)) == escaped(text)
    assert "".join(each for each in text if not _controls(each)) == text or escaped(text) != text


def test_k23_control_characters_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    say(f"ünïcode\tand\nlines {HOSTILE}", nl=False, err=True)
    assert capsys.readouterr() == (f"{SHOWN}\n", f"ünïcode\tand\nlines {SHOWN}")


def test_k23_a_cell_of_a_table_begins_no_line_and_moves_no_column() -> None:
    rows = [["NAME", "STATUS"], [f"a\nb{CLEAR}", "Up"]]
    assert table(rows) == "NAME          STATUS\na\\nb^[[2J^M   Up\n"


def test_json_stays_json(daemon: Daemon, wherry: Wherry) -> None:
    identity = daemon.create(config_Labels={"title": HOSTILE})
    printed = wherry("inspect", identity).out
    assert not _controls(printed)
    assert json.loads(printed)[0]["Config"]["Labels"]["title"] == HOSTILE


def test_k23_containers_events_and_errors(daemon: Daemon, wherry: Wherry) -> None:
    identity = daemon.create(f"x{HOSTILE}", config_Labels={"title": HOSTILE})
    daemon.call(daemon.engine.events.publish, "container", "start", "c1", {"name": HOSTILE})
    lines = (
        ("ps", "-a"),
        ("ps", "-a", "--no-trunc", "--format", "{{.Command}} {{.Labels}}"),
        ("inspect", "--format", "{{.Config.Labels.title}}", identity),
        ("events", "--since", "1h", "--until", "0s"),
    )
    for line in lines:
        shown = wherry(*line)
        assert shown.code == 0 and not _controls(shown.out), line
    assert SHOWN in wherry(*lines[2]).out and SHOWN in wherry(*lines[3]).out
    refused = wherry("rename", identity, f"x{CLEAR}")
    assert refused.code and "^[[2J" in refused.err and not _controls(refused.err)
    unknown = wherry(f"nothing{TITLE}")
    assert "^[]0;owned" in unknown.err and not _controls(unknown.err)


def test_nobody_goes_past_it() -> None:
    """The linter bans ``click.echo``; what writes to a stream itself is a stream's own or drawn on a terminal."""
    own = {"build_outputs.py", "build_progress.py", "details.py", "files.py", "images.py"}
    own |= {"interaction.py", "progress.py", "simulate.py"}
    place = Path(__file__).parents[4] / "src" / "wherry" / "app" / "cli"
    found = {
        each.name for each in place.rglob("*.py") if any(word in each.read_text() for word in (".write(", "print("))
    }
    assert found == own
