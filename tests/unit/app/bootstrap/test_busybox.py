"""A root file system of busybox."""

import os
import tarfile
from pathlib import Path

import pytest

from wherry.app.bootstrap import busybox
from wherry.app.bootstrap.model import Missing

STATIC = b"\x7fELF" + bytes(100)
PROGRAM = """#!/bin/sh
# a stand-in
if [ "$1" = --list ]; then printf 'sh\\nls\\nbusybox\\n'; else echo "BusyBox v1.35.0 (Debian 1:1.35)"; fi
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin/busybox"
    path.parent.mkdir()
    path.write_text(PROGRAM)
    path.chmod(0o755)
    os.utime(path, (1_000_000, 1_000_000))
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path


def test_what_is_in_it(program: Path, tmp_path: Path) -> None:
    root = busybox.make(tmp_path)
    assert (root.version, root.epoch_seconds, root.command) == ("1.35.0", 1_000_000, ("sh",))
    with tarfile.open(root.archive) as tar:
        entries = {entry.name: entry for entry in tar}
        assert tar.extractfile("bin/busybox").read() == program.read_bytes()  # type: ignore[union-attr]
        assert b"root:x:0:0" in tar.extractfile("etc/passwd").read()  # type: ignore[union-attr]
    assert {entry.mtime for entry in entries.values()} == {1_000_000}
    assert {(entry.uid, entry.gid) for entry in entries.values()} == {(0, 0)}
    assert (entries["bin/sh"].linkname, entries["bin/ls"].linkname) == ("busybox", "busybox")
    assert (entries["tmp"].mode, entries["root"].mode, entries["bin/busybox"].mode) == (0o1777, 0o700, 0o755)
    assert entries["usr/bin/env"].issym()


def test_the_same_program_gives_the_same_archive(program: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, two = busybox.make(tmp_path), busybox.make(tmp_path / "other")
    assert one.archive.read_bytes() == two.archive.read_bytes()


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="apt install busybox-static"):
        busybox.make(tmp_path)


def test_one_that_needs_libraries_is_of_no_use(program: Path, tmp_path: Path) -> None:
    program.write_bytes(b"\x7fELF" + b"/lib64/ld-linux-x86-64.so.2")
    with pytest.raises(Missing):
        busybox.make(tmp_path)
