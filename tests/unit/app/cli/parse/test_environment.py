"""Environment variables and labels."""

from pathlib import Path

import pytest

from wherry.app.cli.parse import environment


def test_a_name_alone_takes_our_value_or_unsets() -> None:
    assert environment.variable("A", {"A": "1"}) == "A=1"
    assert environment.variable("A", {}) == "A"
    assert environment.variable("A=", {"A": "1"}) == "A="
    with pytest.raises(ValueError, match="invalid environment variable"):
        environment.variable("=x", {})


def test_files_come_before_flags(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# a comment\n\n  A=1\nB=two words # kept\nC\nD\n")
    given = environment.environment(["A=2"], [str(file)], {"D": "4"})
    assert given == ["A=1", "B=two words # kept", "D=4", "A=2"]


@pytest.mark.parametrize(("line", "fault"), [("=x", "no variable name"), ("A B=1", "contains whitespaces")])
def test_faults_of_a_file_name_it(tmp_path: Path, line: str, fault: str) -> None:
    file = tmp_path / "env"
    file.write_text(line)
    with pytest.raises(ValueError, match=fault) as caught:
        environment.lines(str(file), {})
    assert str(file) in str(caught.value)


def test_a_missing_file() -> None:
    with pytest.raises(ValueError, match="open /none: no such file"):
        environment.lines("/none", {})


def test_labels(tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_text("a=1\nb=2\n")
    assert environment.labels(["b=3", "c"], [str(file)]) == {"a": "1", "b": "3", "c": ""}
