"""``install-docker-plugin``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.app.cli.conftest import Wherry


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return tmp_path / "docker/cli-plugins/docker-buildx"


def test_it_goes_where_docker_looks_for_it(target: Path, wherry: Wherry) -> None:
    for _ in range(2):
        result = wherry("install-docker-plugin")
        assert (result.code, result.out.splitlines()[0]) == (0, f"installed {target}")
    assert os.access(target, os.X_OK)
    assert os.listdir(target.parent) == ["docker-buildx"]


def test_it_runs_our_own_buildx_with_this_python(target: Path, wherry: Wherry) -> None:
    wherry("install-docker-plugin")
    assert f"exec {sys.executable} -I -m wherry.app.buildx" in target.read_text()
    told = subprocess.run([target, "docker-cli-plugin-metadata"], capture_output=True, timeout=200, check=True)
    assert b'"SchemaVersion"' in told.stdout


def test_a_home_is_taken_where_nothing_is_said(tmp_path: Path, wherry: Wherry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    wherry("install-docker-plugin")
    assert (tmp_path / ".docker/cli-plugins/docker-buildx").exists()
    wherry("install-docker-plugin", "--dir", str(tmp_path / "a dir"))
    assert (tmp_path / "a dir/docker-buildx").exists()


def test_anothers_buildx_is_replaced_by_force_only(target: Path, wherry: Wherry) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"\x7fELF of somebody else")
    refused = wherry("install-docker-plugin")
    assert refused.code == 1
    assert "is another buildx: give --force to replace it" in refused.err
    assert target.read_bytes().startswith(b"\x7fELF")
    assert wherry("install-docker-plugin", "--force").code == 0
    assert "wherry" in target.read_text()
