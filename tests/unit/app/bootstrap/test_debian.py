"""A root file system of Debian's packages, by a stand-in for mmdebstrap."""

from pathlib import Path

import pytest

from wherry.app.bootstrap import debian
from wherry.app.bootstrap.model import Missing

MMDEBSTRAP = """#!/bin/sh
echo "$SOURCE_DATE_EPOCH $@" > "$0.asked"
for last; do previous=$archive; archive=$last; done
[ -z "$FAILS" ] || { echo "no such suite" >&2; exit 1; }
echo archive > "$previous"
"""
HELPER = """#!/bin/sh
[ "$2" = http://mirror/debian/dists/bookworm/InRelease ] || { echo "404 Not Found" >&2; exit 100; }
echo "Suite: stable
Date: Thu, 01 Jan 1970 00:01:40 UTC" > "$3"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    for name, text in (("mmdebstrap", MMDEBSTRAP), ("helper", HELPER)):
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.setattr(debian, "_HELPER", str(directory / "helper"))
    return directory


def test_what_is_asked_for(programs: Path, tmp_path: Path) -> None:
    root = debian.make(tmp_path, "bookworm", "http://mirror/debian/", ["curl", "git"])
    assert (root.archive.read_text(), root.version, root.epoch_seconds) == ("archive\n", "bookworm", 100)
    assert root.command == ("bash",)
    asked = (programs / "mmdebstrap.asked").read_text()
    assert asked.startswith("100 --variant=minbase ")
    assert "--include=curl,git" in asked
    assert asked.endswith(f"bookworm {root.archive} http://mirror/debian/\n")
    assert "/etc/machine-id" in asked


@pytest.mark.parametrize("suite", ["", "Bookworm", "-x", "a b", "../x", "a;b"])
def test_suites_that_are_none(programs: Path, tmp_path: Path, suite: str) -> None:
    with pytest.raises(ValueError, match="is no suite"):
        debian.make(tmp_path, suite, "http://mirror/debian")


def test_a_mirror_without_the_suite(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"dists/sid/InRelease cannot be fetched: 404 Not Found"):
        debian.make(tmp_path, "sid", "http://mirror/debian")


def test_what_the_program_says(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "1")
    with pytest.raises(RuntimeError, match="could not make bookworm from http://mirror/debian: no such suite"):
        debian.make(tmp_path, "bookworm", "http://mirror/debian")


def test_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="apt install mmdebstrap"):
        debian.make(tmp_path, "bookworm", "http://mirror/debian")


@pytest.mark.parametrize(
    ("listing", "suite", "mirror"),
    [
        ("http://a/debian stable bookworm\nhttp://b/debian testing trixie", "trixie", "http://b/debian"),
        ("http://a/debian stable bookworm\nhttp://b/debian testing trixie", "stable", "http://a/debian"),
        ("http://a/ubuntu noble noble\nhttp://b/debian/ sid sid", "bookworm", "http://b/debian/"),
        ("http://a/ubuntu noble noble", "bookworm", "http://deb.debian.org/debian"),
        ("", "bookworm", "http://deb.debian.org/debian"),
    ],
)
def test_where_packages_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listing: str, suite: str, mirror: str
) -> None:
    (tmp_path / "apt-get").write_text(f"#!/bin/sh\ncat <<EOF\n{listing}\nEOF\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert debian.mirror_of(suite) == mirror
