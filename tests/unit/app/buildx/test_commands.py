"""The plugin's command line, as far as it asks no daemon."""

from pathlib import Path

from click.testing import CliRunner, Result

from wherry.app.buildx.commands import group


def bake(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["bake", "--file", "-", *arguments], input=text)


def test_print_shows_what_would_be_built() -> None:
    assert '"tags": [' in bake('{"target": {"a": {"tags": ["x:1"]}}}', "--print", "a").output


def test_a_wrong_definition_is_a_message(tmp_path: Path) -> None:
    result = bake('{"target": {"a": {"platforms": ["linux/amd64", "linux/arm64"]}}}', "a")
    assert (result.exit_code, result.output[:33]) == (1, "Error: several platforms in one b")
    result = CliRunner().invoke(group, ["bake", "--file", str(tmp_path / "none.json")])
    assert result.exit_code == 1
    assert "none.json" in result.output
