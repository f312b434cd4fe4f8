"""Progress is drawn on a terminal and told elsewhere."""

import io

import pytest

from wherry.app.cli.progress import Display
from wherry.app.client import ApiError

LAYER = {"status": "Pulling fs layer", "progressDetail": {}, "id": "aaa"}
MOVING = {"status": "Downloading", "progressDetail": {"current": 500, "total": 1000}, "progress": "[=]", "id": "aaa"}
DONE = {"status": "Pull complete", "progressDetail": {}, "id": "aaa"}
FIRST = {"status": "Pulling from demo", "id": "1"}
LAST = {"status": "Status: Downloaded newer image for demo:1"}


def shown(columns: int | None, *messages: dict[str, object]) -> str:
    file = io.StringIO()
    Display(file, columns).show_all(messages)
    return file.getvalue()


def test_elsewhere_what_only_moves_is_left_out() -> None:
    assert shown(None, FIRST, LAYER, MOVING, DONE, LAST) == (
        "1: Pulling from demo\naaa: Pulling fs layer\naaa: Pull complete\nStatus: Downloaded newer image for demo:1\n"
    )


def test_on_a_terminal_a_thing_has_one_line() -> None:
    text = shown(200, FIRST, LAYER, MOVING, DONE, LAST)
    assert text.count("\n") == 3
    bar = "=" * 25 + ">" + " " * 24
    assert f"\x1b[1A\r\x1b[2Kaaa: Downloading [{bar}]     500B/1kB\r\x1b[1B" in text
    assert text.endswith("\x1b[1A\r\x1b[2Kaaa: Pull complete\r\x1b[1BStatus: Downloaded newer image for demo:1\n")


def test_lines_are_found_from_below() -> None:
    other = {**LAYER, "id": "bbb"}
    text = shown(80, LAYER, other, DONE)
    assert text == "aaa: Pulling fs layer\nbbb: Pulling fs layer\n\x1b[2A\r\x1b[2Kaaa: Pull complete\r\x1b[2B"


@pytest.mark.parametrize(("columns", "width"), [(100, 25), (50, 0)])
def test_a_narrow_terminal_has_a_narrow_bar(columns: int, width: int) -> None:
    text = shown(columns, LAYER, MOVING)
    assert (f"[{'=' * (width // 2)}>" in text) == bool(width)
    assert "500B/1kB" in text


def test_no_line_is_longer_than_the_terminal() -> None:
    assert shown(10, LAYER) == "aaa: Pull\n"


def test_what_has_no_total_is_a_number() -> None:
    assert "500B" in shown(80, {**MOVING, "progressDetail": {"current": 500}})


def test_the_daemons_error_is_raised_and_its_aux_is_returned() -> None:
    assert Display(io.StringIO()).show_all([FIRST, {"aux": {"Tag": "1"}}]) == [{"Tag": "1"}]
    with pytest.raises(ApiError) as caught:
        shown(None, FIRST, {"errorDetail": {"code": 404, "message": "gone"}, "error": "gone"})
    assert (caught.value.status, caught.value.message) == (404, "gone")


def test_a_file_is_no_terminal() -> None:
    file = io.StringIO()
    Display.on(file).show(LAYER)
    assert file.getvalue() == "aaa: Pulling fs layer\n"
