"""``image bootstrap``: base images out of packages, built as all images are."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wherry.app.bootstrap import busybox, debian
from wherry.app.bootstrap.model import Missing, Root
from wherry.app.cli import bootstrap as module
from wherry.app.cli.bootstrap import bootstrap_command


class FakeDaemon:
    """Builds anything; ``asked`` has the requests, ``dockerfiles`` what was in their contexts."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.dockerfiles: list[str] = []

    def upload(self, path: str, query: Any, pieces: Iterable[bytes], headers: Any = None) -> Any:
        request = json.loads(b"".join(pieces))
        self.asked.append(request)
        self.dockerfiles.append((Path(request["context"]) / "Dockerfile").read_text())

        class Answer:
            def __enter__(self) -> "Answer":
                return self

            def __exit__(self, *_: object) -> None: ...

            def json_stream(self) -> Iterator[Any]:
                yield {"result": {"id": "sha256:1", "manifest": "", "tags": []}}

        return Answer()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeDaemon:
    fake = FakeDaemon()
    monkeypatch.setattr(module, "client", lambda: fake)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    def made(directory: Path, version: str, command: str) -> Root:
        (directory / "rootfs.tar").touch()
        return Root(directory / "rootfs.tar", version, 77, (command,))

    monkeypatch.setattr(busybox, "make", lambda directory: made(directory, "1.35", "sh"))
    monkeypatch.setattr(debian, "make", lambda directory, suite, mirror, packages: made(directory, suite, "bash"))
    return fake


def bootstrap(*arguments: str) -> Result:
    return CliRunner().invoke(bootstrap_command, arguments)


def test_busybox(daemon: FakeDaemon) -> None:
    result = bootstrap("busybox")
    assert (result.exit_code, result.output) == (0, "busybox:1.35, busybox:latest: sha256:1\n")
    assert daemon.dockerfiles == ['FROM scratch\nADD rootfs.tar /\nCMD ["sh"]\n']
    (request,) = daemon.asked
    assert request["tags"] == ["busybox:1.35", "busybox:latest"]
    assert request["build_args"] == {"SOURCE_DATE_EPOCH": "77"}
    assert not Path(request["context"]).exists()


def test_debian(daemon: FakeDaemon) -> None:
    assert bootstrap("debian:bookworm", "--include", "curl", "-q").output == "sha256:1\n"
    assert daemon.asked[0]["tags"] == ["debian:bookworm"]
    assert '["bash"]' in daemon.dockerfiles[0]
    bootstrap("debian")
    assert daemon.asked[1]["tags"] == ["debian:stable", "debian:latest"]


def test_a_name_of_ones_own(daemon: FakeDaemon) -> None:
    assert bootstrap("busybox", "-t", "base:1").output == "base:1: sha256:1\n"
    assert daemon.asked[0]["tags"] == ["base:1"]


@pytest.mark.parametrize("name", ["alpine", "busybox:1", ""])
def test_only_what_there_is(daemon: FakeDaemon, name: str) -> None:
    result = bootstrap(name)
    if name == "busybox:1":
        assert result.exit_code == 0
        return
    assert result.exit_code == 1
    assert "only busybox and debian:SUITE can be made" in result.output
    assert not daemon.asked


def test_what_is_missing_is_said(daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(directory: Path) -> Root:
        raise Missing("apt install busybox-static")

    monkeypatch.setattr(busybox, "make", missing)
    result = bootstrap("busybox")
    assert (result.exit_code, "apt install busybox-static" in result.output) == (1, True)
