"""Tables, templates, filters."""

import click
import pytest

from wherry.app.cli import output

COLUMNS = {"ID": "CONTAINER ID", "Names": "NAMES"}
ROWS = [{"ID": "0123456789ab", "Names": "web"}, {"ID": "b", "Names": "a-longer-name"}]


def test_cells_are_aligned_as_docker_does() -> None:
    assert output.table([["A", "NAME", "X"], ["1", "a-longer-name", "y"]]) == (
        "A         NAME            X\n1         a-longer-name   y\n"
    )


def _shown(capsys: pytest.CaptureFixture[str], template: str | None) -> str:
    output.show(ROWS, COLUMNS, template, ["ID", "Names"])
    return capsys.readouterr().out


def test_the_usual_table(capsys: pytest.CaptureFixture[str]) -> None:
    expected = "CONTAINER ID   NAMES\n0123456789ab   web\nb              a-longer-name\n"
    assert _shown(capsys, None) == expected
    assert _shown(capsys, "table") == expected


def test_templates(capsys: pytest.CaptureFixture[str]) -> None:
    assert _shown(capsys, "{{.ID}}/{{.Names}}") == "0123456789ab/web\nb/a-longer-name\n"
    assert _shown(capsys, "table {{.Names}}\\t{{.ID}}").splitlines()[0] == "NAMES           CONTAINER ID"
    assert _shown(capsys, "json").splitlines()[0] == '{"ID":"0123456789ab","Names":"web"}'


def test_a_template_that_is_wrong_is_a_usage_error() -> None:
    with pytest.raises(click.UsageError, match="template parsing error"):
        output.show(ROWS, COLUMNS, "{{.Nope}}", ["ID"])


def test_filters() -> None:
    assert output.filters(["label=a=b", "label=c", "Name=x"]) == {
        "label": {"a=b": True, "c": True},
        "name": {"x": True},
    }
    assert output.filters([]) is None
    with pytest.raises(click.UsageError):
        output.filters(["label"])


def test_shortening() -> None:
    assert output.short_id("sha256:" + "0" * 64) == "0" * 12
    assert output.shortened("abcdef", 4) == "abc…"
    assert output.shortened("abcd", 4) == "abcd"
