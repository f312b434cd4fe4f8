"""Contexts that come as archives, and what a directory says of itself."""

import io
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import Workshop, until
from wherry.engine.build.upload import ignore_of, source_of, uploaded
from wherry.kit.errors import Invalid


def test_a_directory_and_its_dockerfile(context: Path) -> None:
    (context / "Dockerfile").write_text("FROM a\n")
    (context / ".dockerignore").write_text("d\n")
    source = source_of(context, "")
    assert (source.dockerfile, source.dockerfile_name, source.ignore) == ("FROM a\n", "Dockerfile", "d\n")
    assert (source.context, source.is_passing) == (context, False)
    assert ignore_of(context) == "d\n"


def test_another_name(context: Path) -> None:
    (context / "d/My.Dockerfile").write_text("FROM b\n")
    (context / "d/My.Dockerfile.dockerignore").write_text("own\n")
    (context / ".dockerignore").write_text("general\n")
    source = source_of(context, "d/My.Dockerfile", True)
    assert (source.dockerfile_name, source.ignore, source.is_passing) == ("My.Dockerfile", "own\n", True)


def test_the_name_in_lower_case(context: Path) -> None:
    (context / "dockerfile").write_text("FROM c\n")
    source = source_of(context, "")
    assert (source.dockerfile, source.ignore) == ("FROM c\n", "")
    assert ignore_of(context) == ""


@pytest.mark.parametrize("name", ["", "missing", "d/missing", "file/x"])
def test_no_dockerfile(context: Path, name: str) -> None:
    with pytest.raises(Invalid, match="Cannot locate specified Dockerfile"):
        source_of(context, name)


def test_links_stay_inside(context: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("FROM secret\n")
    (context / "out").symlink_to(tmp_path / "secret")
    (context / "in").symlink_to("/d/inner")
    (context / "up").symlink_to("../secret")
    for name in ("out", "up", "../secret", str(tmp_path / "secret")):
        with pytest.raises(Invalid, match="Cannot locate"):
            source_of(context, name)
    assert source_of(context, "in").dockerfile == "inner"


def test_what_is_no_file(context: Path) -> None:
    os.mkfifo(context / "fifo")
    (context / "large").write_bytes(b"#" * ((1 << 20) + 1))
    (context / "loop").symlink_to("loop")
    for name in ("fifo", "large", "d"):
        with pytest.raises(Invalid, match="no regular file of at most 1 MiB"):
            source_of(context, name)
    with pytest.raises(Invalid, match="cannot be read"):
        source_of(context, "loop")
    (context / ".dockerignore").symlink_to("fifo")
    with pytest.raises(Invalid, match="no regular file"):
        ignore_of(context)


def test_bytes_that_are_no_text(context: Path) -> None:
    (context / "Dockerfile").write_bytes(b"FROM a\n# \xff\n")
    assert source_of(context, "").dockerfile == "FROM a\n# \ufffd\n"


async def test_files_arrive_and_go(workshop: Workshop) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("d/file")
        entry.size, entry.uid, entry.gid = 4, os.getuid(), os.getgid()
        tar.addfile(entry, io.BytesIO(b"text"))

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(buffer.getvalue()), 1000):
            yield buffer.getvalue()[at : at + 1000]

    async with uploaded(workshop.engine, chunks()) as directory:
        assert (directory / "d/file").read_text() == "text"
        assert directory.stat().st_mode & 0o077 == 0 or directory.parent.stat().st_mode & 0o077 == 0
    await until(lambda: not list(workshop.engine.tmp.iterdir()))


async def test_a_client_that_goes(workshop: Workshop) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * 100
        raise ConnectionResetError

    with pytest.raises((ConnectionError, Invalid)):
        async with uploaded(workshop.engine, chunks()):
            raise AssertionError("there is no context")
    await until(lambda: not list(workshop.engine.tmp.iterdir()))
