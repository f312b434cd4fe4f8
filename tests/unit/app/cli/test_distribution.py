"""``pull``, ``push`` and ``search``: what the daemon is asked, and what the user sees."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wherry.app.cli import distribution
from wherry.app.cli.entry import root
from wherry.app.client import ApiError
from wherry.app.dockerconfig import Auth, DockerConfig

DIGEST = "sha256:" + "1" * 64


@dataclass
class Daemon:
    """Answers every request with ``messages``; remembers the last."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    asked: tuple[Any, ...] = ()
    credentials: dict[str, str] = field(default_factory=dict)

    def request(
        self, method: str, path: str, query: Any = None, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> "Daemon":
        self.asked = (method, path, {name: value for name, value in query.items() if value is not None})
        self.credentials = json.loads(base64.urlsafe_b64decode((headers or {})["X-Registry-Auth"]))
        return self

    def get(self, path: str, query: Any = None) -> Any:
        self.asked = (path, query)
        return self.messages

    def json_stream(self) -> Iterator[dict[str, Any]]:
        return iter(self.messages)

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Daemon:
    daemon = Daemon([{"status": "Pulling from demo", "id": "1"}, {"status": "Status: done"}])
    monkeypatch.setattr(distribution, "client", lambda: daemon)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return daemon


def run(*arguments: str) -> Result:
    return CliRunner().invoke(root, arguments)


def test_a_pull_shows_its_progress_and_the_name(daemon: Daemon) -> None:
    assert run("pull", "demo:1").output == "1: Pulling from demo\nStatus: done\ndocker.io/library/demo:1\n"
    assert daemon.asked == ("POST", "/images/create", {"fromImage": "docker.io/library/demo", "tag": "1"})
    assert daemon.credentials == {}


@pytest.mark.parametrize(
    ("arguments", "query", "first"),
    [
        (["demo"], {"fromImage": "docker.io/library/demo", "tag": "latest"}, "Using default tag: latest"),
        (["-a", "demo"], {"fromImage": "docker.io/library/demo"}, "1: Pulling from demo"),
        (
            [f"localhost:5000/a/b@{DIGEST}"],
            {"fromImage": "localhost:5000/a/b", "tag": DIGEST},
            "1: Pulling from demo",
        ),
        (
            ["--platform", "linux/arm64", "demo:1"],
            {"fromImage": "docker.io/library/demo", "tag": "1", "platform": "linux/arm64"},
            "1: Pulling from demo",
        ),
    ],
)
def test_what_is_pulled(daemon: Daemon, arguments: list[str], query: dict[str, str], first: str) -> None:
    assert run("pull", *arguments).output.splitlines()[0] == first
    assert daemon.asked[2] == query


def test_quiet_is_the_name_only(daemon: Daemon) -> None:
    assert run("pull", "-q", "demo").output == "docker.io/library/demo:latest\n"
    assert run("push", "-q", "localhost:5000/demo").output == "localhost:5000/demo:latest\n"


@pytest.mark.parametrize("line", [["pull", "-a", "demo:1"], ["push", "-a", "demo:1"], ["push", f"demo@{DIGEST}"]])
def test_what_contradicts_itself_is_refused(daemon: Daemon, line: list[str]) -> None:
    result = run(*line)
    assert result.exit_code == 2
    assert daemon.asked == ()


def test_the_daemons_error_ends_it(daemon: Daemon) -> None:
    daemon.messages.append({"errorDetail": {"code": 503, "message": "unexpected EOF"}, "error": "unexpected EOF"})
    assert isinstance(run("pull", "demo").exception, ApiError)
    assert isinstance(run("pull", "-q", "demo").exception, ApiError)


def test_a_push_goes_with_the_users_credentials(daemon: Daemon, tmp_path: Path) -> None:
    DockerConfig(tmp_path / "config.json").store("localhost:5000", Auth("me", "secret"))
    run("push", "localhost:5000/team/app:2")
    assert daemon.asked == ("POST", "/images/localhost:5000/team/app/push", {"tag": "2"})
    assert daemon.credentials == {"username": "me", "password": "secret", "serveraddress": "localhost:5000"}
    run("image", "push", "-a", "localhost:5000/team/app")
    assert daemon.asked[2] == {}


def test_a_search_is_a_table(daemon: Daemon) -> None:
    daemon.messages = [
        {"name": "demo", "description": "A\ndemo " + "x" * 60, "star_count": 3, "is_official": True,
         "is_automated": False}
    ]  # fmt: skip
    lines = run("search", "--limit", "5", "-f", "stars=2", "demo").output.splitlines()
    assert lines[0].split() == ["NAME", "DESCRIPTION", "STARS", "OFFICIAL"]
    assert lines[1].split()[:3] == ["demo", "A", "demo"]
    assert lines[1].split()[-2:] == ["3", "[OK]"]
    assert "…" in lines[1]
    assert daemon.asked == ("/images/search", {"term": "demo", "limit": 5, "filters": {"stars": {"2": True}}})
    assert "…" not in run("search", "--no-trunc", "demo").output
