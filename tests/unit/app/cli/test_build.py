"""``build`` and ``builder prune``, against a daemon that has its answers ready."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from wherry.app.cli import build as module
from wherry.app.cli.build import build_command, metadata, outputs_of, prune_command
from wherry.app.client import ApiError

BUILT = {"id": "sha256:1", "manifest": "sha256:2", "tags": ["docker.io/library/a:latest"], "warnings": []}


@dataclass
class FakeDaemon:
    """``answer`` is what a build is answered; ``asked`` what was asked."""

    answer: list[dict[str, Any]] = field(default_factory=lambda: [{"result": BUILT}])
    asked: list[Any] = field(default_factory=list)
    request_: dict[str, Any] = field(default_factory=dict)

    def upload(self, path: str, query: Any, pieces: Iterable[bytes], headers: Mapping[str, str] | None = None) -> Any:
        body = b"".join(pieces)
        self.asked.append(path)
        self.request_ = json.loads(body.partition(b"\n")[0])
        outer = self

        class Answer:
            def __enter__(self) -> "Answer":
                return self

            def __exit__(self, *_: object) -> None: ...

            def json_stream(self) -> Iterator[Any]:
                yield from outer.answer

        return Answer()

    def post(self, path: str, query: Mapping[str, Any]) -> Any:
        self.asked.append((path, {name: value for name, value in query.items() if value}))
        return {"CachesDeleted": ["key"], "SpaceReclaimed": 2_000_000}

    def delete(self, path: str, query: Any) -> None:
        self.asked.append(f"DELETE {path}")
        raise ApiError(409, "somebody else has it")


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeDaemon:
    fake = FakeDaemon()
    monkeypatch.setattr(module, "client", lambda: fake)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    monkeypatch.chdir(tmp_path)
    return fake


def build(*arguments: str) -> Result:
    return CliRunner().invoke(build_command, [*arguments, "."])


def test_a_build(daemon: FakeDaemon, tmp_path: Path) -> None:
    result = build("-t", "a")
    assert result.exit_code == 0
    assert daemon.asked == ["/wherry/build"]
    assert (daemon.request_["context"], daemon.request_["tags"]) == (str(tmp_path), ["a"])


def test_quietly(daemon: FakeDaemon) -> None:
    assert build("-q").stdout == "sha256:1\n"


def test_files_about_it(daemon: FakeDaemon, tmp_path: Path) -> None:
    build("--iidfile", "id", "--metadata-file", "metadata")
    assert (tmp_path / "id").read_text() == "sha256:1"
    assert json.loads((tmp_path / "metadata").read_text()) == metadata(BUILT)
    assert metadata(BUILT)["image.name"] == "docker.io/library/a:latest"


def test_a_failure_shows_the_place(daemon: FakeDaemon) -> None:
    daemon.answer = [{"error": {"message": "because", "excerpt": "Dockerfile:1\n>>> FROM a"}}]
    result = build()
    assert result.exit_code == 1
    assert "failed to build: because" in result.output
    assert ">>> FROM a" in result.output


def test_a_daemon_that_says_nothing(daemon: FakeDaemon) -> None:
    daemon.answer = []
    assert "ended the build without a word" in build().output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "missing"], "failed to read dockerfile"),
        (["-o", "type=odd"], "unknown output type"),
        (["--provenance", "true"], "attestations are not available"),
        (["--sbom", "true"], "attestations are not available"),
        (["--attest", "type=sbom"], "attestations are not available"),
        (["--secret", "x"], "key=value pair"),
        (["--memory", "lots"], "lots"),
    ],
)
def test_flags_that_make_no_sense(daemon: FakeDaemon, arguments: list[str], message: str) -> None:
    result = build(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output
    assert not daemon.asked


def test_no_attestations_may_be_said(daemon: FakeDaemon) -> None:
    flags = ["--provenance", "false", "--sbom=false", "--attest", "type=provenance,disabled=true", "--load"]
    assert build(*flags).exit_code == 0


def test_an_image_that_is_not_to_stay_goes(daemon: FakeDaemon) -> None:
    assert build("-t", "a", "-o", "type=cacheonly").exit_code == 0
    assert daemon.request_["tags"] == []
    assert daemon.asked[-1] == "DELETE /images/sha256:1"


def test_names_of_an_output(daemon: FakeDaemon) -> None:
    build("-t", "a", "-o", "type=image,name=b")
    assert daemon.request_["tags"] == ["a", "b"]


def test_pushing_needs_a_name(daemon: FakeDaemon) -> None:
    daemon.answer = [{"result": {**BUILT, "tags": []}}]
    assert "tag is needed when pushing" in build("--push").output
    flags = build_command.make_context("build", ["--push", "."]).params
    assert [output.push for output in outputs_of(flags)] == [True]


def prune(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(prune_command, arguments, input=answer)


def test_pruning(daemon: FakeDaemon) -> None:
    result = prune("--all", "--force", "--keep-storage", "1k", "--filter", "until=2h")
    assert daemon.asked == [("/build/prune", {"all": True, "filters": {"until": {"2h": True}}, "keep-storage": 1024})]
    assert result.output == "key\nTotal reclaimed space: 2MB\n"


def test_pruning_is_asked_about(daemon: FakeDaemon) -> None:
    assert prune(answer="n\n").exit_code != 0 or not daemon.asked
    assert not daemon.asked
    assert prune(answer="y\n").exit_code == 0
    assert daemon.asked == [("/build/prune", {})]


def test_errors_are_the_command_lines() -> None:
    assert issubclass(module.BuildError, click.ClickException)
