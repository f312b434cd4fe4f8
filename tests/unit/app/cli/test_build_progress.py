"""What a build tells, as lines."""

import io
import json
from collections.abc import Mapping

import pytest

from wherry.app.cli.build_progress import progress

PLANNED = {"event": "Planned", "vertex": 0, "name": "[1/1] RUN make"}
BEGAN = {"event": "Began", "vertex": 0}
WROTE = {"event": "Output", "vertex": 0, "stream": 1, "data": "made\nit"}
ENDED = {"event": "Ended", "vertex": 0, "cached": False, "result": "41fa024a867b", "seconds": 1.5}
CACHED = {**ENDED, "cached": True}
FAILED = {"event": "Failed", "vertex": 0, "message": "exit code: 4"}
WARNED = {"event": "Warned", "rule": "StageNameCasing", "message": "'A' should be lowercase"}
RESULT = {"result": {"id": "sha256:aa", "manifest": "sha256:bb", "tags": ["demo:1"], "warnings": []}}


def shown(kind: str, *messages: Mapping[str, object]) -> str:
    out = io.StringIO()
    one = progress(kind, out)
    for message in messages:
        one.take(message)
    one.close()
    return out.getvalue()


def test_plain_lines_carry_the_number_of_their_step() -> None:
    lines = shown("plain", PLANNED, BEGAN, WROTE, ENDED).splitlines()
    assert lines[0] == "#1 [1/1] RUN make"
    assert [line.split(" ", 2)[2] for line in lines[1:3]] == ["made", "it"]
    assert lines[3] == "#1 DONE 1.5s"


@pytest.mark.parametrize("kind", ["plain", "tty"])
def test_what_was_made_is_the_image_not_the_results_of_steps(kind: str) -> None:
    text = shown(kind, PLANNED, BEGAN, ENDED, RESULT)
    assert "writing image sha256:aa done" in text
    assert "naming to demo:1 done" in text
    assert "41fa024a867b" not in text


def test_a_step_made_before_is_cached() -> None:
    assert "#1 CACHED\n" in shown("plain", PLANNED, BEGAN, CACHED)
    assert " => CACHED [1/1] RUN make" in shown("tty", PLANNED, BEGAN, CACHED)


@pytest.mark.parametrize("kind", ["plain", "tty", "quiet"])
def test_what_a_failed_step_said_is_told_at_the_end(kind: str) -> None:
    assert shown(kind, PLANNED, BEGAN, WROTE, FAILED).endswith("------\n > [1/1] RUN make:\nmade\nit\n------\n")


@pytest.mark.parametrize("kind", ["plain", "tty"])
def test_warnings_are_shown(kind: str) -> None:
    assert "WARNING: StageNameCasing: 'A' should be lowercase\n" in shown(kind, PLANNED, WARNED, BEGAN, ENDED)


def test_quiet_is_quiet() -> None:
    assert shown("quiet", PLANNED, WARNED, BEGAN, WROTE, ENDED, RESULT) == ""


def test_programs_get_buildkits_own_messages() -> None:
    first, log, last = map(json.loads, shown("rawjson", PLANNED, BEGAN, WROTE, CACHED, RESULT).splitlines())
    assert first["vertexes"][0]["name"] == "[1/1] RUN make"
    assert log["logs"][0]["data"] == "bWFkZQppdA=="
    assert last["vertexes"][0]["cached"] is True
