"""How the docker command calls its plugin."""

import json
import subprocess
import sys

import pytest

from wherry.app import buildx


def test_what_the_docker_command_asks_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["docker-buildx", "docker-cli-plugin-metadata"])
    with pytest.raises(SystemExit) as ended:
        buildx.main()
    assert ended.value.code == 0
    metadata = json.loads(capsys.readouterr().out)
    assert (metadata["SchemaVersion"], metadata["Vendor"]) == ("0.1.0", "Wherry")
    assert metadata["Version"].startswith("v0.")


def test_asking_loads_next_to_nothing() -> None:
    program = (
        "import sys; sys.argv = ['x', 'docker-cli-plugin-metadata']\n"
        "try:\n    from wherry.app.buildx import main; main()\n"
        "except SystemExit:\n    print(*sys.modules)\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"click", "asyncio", "msgspec"} & set(loaded)


@pytest.mark.parametrize("arguments", [["buildx", "version"], ["version"]])
def test_with_and_without_its_own_name(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["docker-buildx", *arguments])
    with pytest.raises(SystemExit) as ended:
        buildx.main()
    assert ended.value.code in (0, None)
    assert "wherry" in capsys.readouterr().out
