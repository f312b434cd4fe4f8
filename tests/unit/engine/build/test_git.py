"""Repositories as sources; fetching them is in tests/kernel/test_builds_remote.py."""

import os
from pathlib import Path

import pytest

from wherry.engine.build import git
from wherry.engine.build.git import Place, checkout, inside, is_repository, parse
from wherry.kit.errors import Invalid, NotFound, Unavailable, Unsupported


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("git://example.org/x", True),
        ("https://example.org/x.git", True),
        ("https://example.org/x.git#main:d", True),
        ("http://example.org/x.git", True),
        ("ssh://git@example.org/x", True),
        ("git@example.org:x/y.git", True),
        ("git@example.org:x#main", True),
        ("https://example.org/x", False),
        ("https://example.org/x.git/file", False),
        ("file:///x.git", False),
        ("x.git", False),
        ("user@host:", False),
        ("git@example.org://x", False),
        ("-x@example.org:y", True),
        ("ext::sh -c true", False),
    ],
)
def test_what_is_a_repository(source: str, expected: bool) -> None:
    assert is_repository(source) is expected


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("git://h/x", Place("git://h/x")),
        ("git://h/x#", Place("git://h/x")),
        ("git://h/x#v1.2", Place("git://h/x", "v1.2")),
        ("git://h/x#a/b:c/d/", Place("git://h/x", "a/b", "c/d")),
        ("git://h/x#:d", Place("git://h/x", "", "d")),
    ],
)
def test_places(source: str, place: Place) -> None:
    assert parse(source) == place


@pytest.mark.parametrize(
    "reference", ["-c", "--upload-pack=x", "a b", "a..b", "../x", "a;b", "é", "x" * 300, "a~1", "^a"]
)
def test_references_that_could_mean_something_else(reference: str) -> None:
    with pytest.raises(Invalid, match="invalid git reference"):
        parse(f"git://h/x#{reference}")


@pytest.mark.parametrize("directory", ["..", "../x", "a/../../b", "/../x"])
def test_directories_that_lead_out(directory: str) -> None:
    with pytest.raises(Invalid, match="leads out of the repository"):
        parse(f"git://h/x#main:{directory}")


def test_a_directory_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    repository = tmp_path / "repository"
    (repository / "a/b").mkdir(parents=True)
    (repository / "in").symlink_to("a/b")
    (repository / "out").symlink_to(tmp_path / "outside")
    (repository / "file").touch()
    assert inside(repository, "") == repository
    assert inside(repository, "a/b") == inside(repository, "in") == (repository / "a/b").resolve()
    for wrong in ("out", "missing", "file"):
        with pytest.raises(NotFound, match="has no directory"):
            inside(repository, wrong)


async def test_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git.shutil, "which", lambda *arguments, **more: None)
    with pytest.raises(Unsupported, match="install Debian's package git"):
        await checkout(Place("git://h/x"), tmp_path / "r", keep_git=False)


async def test_the_program_is_told_what_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither reads configuration of this machine nor asks anybody, and its failure is told."""
    fake = tmp_path / "git"
    fake.write_text(
        '#!/bin/sh\nenv > "$0.env"\necho "$@" >> "$0.args"\n[ "$*" = "${*#*fetch}" ] || { echo why >&2; exit 1; }\n'
    )
    fake.chmod(0o755)
    monkeypatch.setattr(git.shutil, "which", lambda *arguments, **more: str(fake))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    with pytest.raises(Unavailable, match="failed to fetch git repository: why"):
        await checkout(Place("git://h/x", "main"), tmp_path / "r", keep_git=False)
    environment = (tmp_path / "git.env").read_text()
    assert "GIT_CONFIG_GLOBAL=/dev/null" in environment
    assert "GIT_TERMINAL_PROMPT=0" in environment
    assert "SSH_AUTH_SOCK" not in environment
    last = (tmp_path / "git.args").read_text().splitlines()[-1]
    assert last.endswith("fetch -q --depth=1 --no-tags -- git://h/x main")
    assert "protocol.file.allow=never" in last
    assert "core.hooksPath=/dev/null" in last
    assert os.path.isdir(tmp_path / "r")
