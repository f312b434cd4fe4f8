"""``login`` and ``logout`` keep what docker would keep."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wherry.app.cli import login
from wherry.app.cli.entry import root
from wherry.app.client import ApiError
from wherry.app.dockerconfig import Auth, DockerConfig


@dataclass
class Daemon:
    """Knows ``me`` with ``secret``, or the token that it gave."""

    token: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    def post(self, path: str, query: Any, body: dict[str, str]) -> dict[str, str]:
        assert path == "/auth"
        self.asked.append(body)
        if body["password"] != "secret" and not (self.token and body["identitytoken"] == self.token):
            raise ApiError(401, "unauthorized: incorrect username or password")
        return {"Status": "Login Succeeded", "IdentityToken": self.token}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Daemon:
    daemon = Daemon()
    monkeypatch.setattr(login, "client", lambda: daemon)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return daemon


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(root, arguments, input=given)


def kept(tmp_path: Path) -> DockerConfig:
    return DockerConfig(tmp_path / "config.json")


def test_a_password_from_stdin(daemon: Daemon, tmp_path: Path) -> None:
    result = run("login", "-u", "me", "--password-stdin", "localhost:5000", given="secret\n")
    assert result.exit_code == 0
    assert "Login Succeeded" in result.output
    assert "stored unencrypted" in result.output
    assert daemon.asked[0] == {
        "username": "me", "password": "secret", "identitytoken": "", "serveraddress": "localhost:5000"
    }  # fmt: skip
    assert kept(tmp_path).auth("localhost:5000") == Auth("me", "secret")


def test_a_token_is_kept_in_place_of_the_password(daemon: Daemon, tmp_path: Path) -> None:
    daemon.token = "kept"
    run("login", "-u", "me", "-p", "secret")
    assert kept(tmp_path).auth("https://index.docker.io/v1/") == Auth("me", identity_token="kept")
    assert "secret" not in (tmp_path / "config.json").read_text()
    result = run("login")
    assert "Authenticating with existing credentials" in result.output
    assert result.exit_code == 0


def test_a_wrong_password_keeps_nothing(daemon: Daemon, tmp_path: Path) -> None:
    result = run("login", "-u", "me", "-p", "wrong", "localhost:5000")
    assert isinstance(result.exception, ApiError)
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    "line", [["-p", "x", "--password-stdin"], ["--password-stdin"], ["-u", "me"], []], ids=" ".join
)
def test_what_cannot_be_asked_is_refused(daemon: Daemon, line: list[str]) -> None:
    assert run("login", *line).exit_code == 2
    assert daemon.asked == []


def test_a_logout_forgets(daemon: Daemon, tmp_path: Path) -> None:
    run("login", "-u", "me", "-p", "secret", "localhost:5000")
    assert run("logout", "localhost:5000").output == "Removing login credentials for localhost:5000\n"
    assert json.loads((tmp_path / "config.json").read_text())["auths"] == {}
    assert run("logout", "localhost:5000").output == "Not logged in to localhost:5000\n"
    assert run("logout").output == "Not logged in to docker.io\n"
