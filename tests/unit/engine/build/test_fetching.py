"""Contexts by their addresses; those of git need its server: tests/kernel/test_builds_remote.py."""

import io
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.kernel.webserver import Page, WebServer
from wherry.engine.build.fetching import fetched, is_address
from wherry.engine.trash import Trash
from wherry.kit.errors import Invalid, NotFound, Unavailable


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer().serving() as server:
        yield server


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    """The part of an engine that gives directories and takes them back."""

    def directory() -> Path:
        path = tmp_path / f"build-{os.urandom(4).hex()}"
        path.mkdir()
        return path

    return SimpleNamespace(directory=directory, trash=Trash(tmp_path))


def archive(mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as tar:
        entry = tarfile.TarInfo("sub/file")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"text"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("https://x/y.tar.gz", True),
        ("https://x/y.git#main:dir", True),
        ("git@x:y/z", True),
        ("ssh://git@x/y", True),
        ("github.com/x/y", True),
        ("docker-image://x", False),
        ("/srv/https://x", False),
        ("ftp://x/y", False),
    ],
)
def test_what_is_an_address(context: str, expected: bool) -> None:
    assert is_address(context) is expected


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
async def test_an_archive(engine: Any, web: WebServer, mode: str) -> None:
    web.pages["/c"] = Page(archive(mode))
    async with fetched(engine, web.url("/c")) as directory:
        assert (directory / "sub/file").read_text() == "text"
    assert not directory.exists()


async def test_a_dockerfile_alone(engine: Any, web: WebServer) -> None:
    web.pages["/raw"] = Page(b"FROM a\n")
    web.pages["/moved"] = Page(status=302, headers={"Location": "/raw"})
    async with fetched(engine, web.url("/moved")) as directory:
        assert [entry.name for entry in directory.iterdir()] == ["Dockerfile"]
        assert (directory / "Dockerfile").read_text() == "FROM a\n"


@pytest.mark.parametrize(
    ("page", "kind", "message"),
    [
        (Page(b"", 404), NotFound, "failed to download the context .*: server answered 404"),
        (Page(b"", 500), Unavailable, "server answered 500"),
        (Page(b"FROM a\n\0"), Invalid, "neither an archive"),
        (Page(b"#" * (1 << 20) + b"\n"), Invalid, "neither an archive"),
        (Page(archive("w:gz")[:-20]), Invalid, "not valid gzip"),
    ],
)
async def test_what_is_no_context(
    engine: Any, web: WebServer, tmp_path: Path, page: Page, kind: type[Exception], message: str
) -> None:
    web.pages["/c"] = page
    with pytest.raises(kind, match=message):
        async with fetched(engine, web.url("/c")):
            pytest.fail("there is nothing to build")
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith("build-")]


@pytest.mark.parametrize("address", ["ftp://x/y", "file:///etc", "nonsense"])
async def test_other_schemes(engine: Any, address: str) -> None:
    with pytest.raises(Invalid, match="no address of a repository or a web server"):
        async with fetched(engine, address):
            pytest.fail("there is nothing to build")


async def test_a_repository_of_github_is_cloned(
    engine: Any, monkeypatch: pytest.MonkeyPatch, checked_out: Callable[..., Any]
) -> None:
    for address in ("github.com/a/b#v1:sub", "https://github.com/a/b#v1:sub"):
        async with fetched(engine, address, keep_git=True) as directory:
            assert directory.name == "sub"
    assert [(place.url, place.reference, keep) for place, keep in checked_out.calls] == [  # type: ignore[attr-defined]
        ("https://github.com/a/b", "v1", True)
    ] * 2


@pytest.fixture
def checked_out(monkeypatch: pytest.MonkeyPatch) -> Any:
    """In place of git, which would have to reach the internet; remembers what it was asked for."""
    from wherry.engine.build import git

    async def checkout(place: git.Place, directory: Path, keep_git: bool) -> str:
        calls.append((place, keep_git))
        (directory / place.directory).mkdir(parents=True)
        return "0" * 40

    calls: list[tuple[git.Place, bool]] = []
    checkout.calls = calls  # type: ignore[attr-defined]
    monkeypatch.setattr(git, "checkout", checkout)
    return checkout
