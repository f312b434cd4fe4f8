"""Last words of containers."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.node.pods.composing.containers import MESSAGE_PATH, MESSAGE_POLICY
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.volumes import messages


def ended(path: str = "", policy: str = "File", log: str = "", code: int = 1) -> Container:
    notes = {MESSAGE_PATH: path, MESSAGE_POLICY: policy}
    return Container("c", "s", "web", 0, State.EXITED, "i", "r", 1, exit_code=code, log=log, annotations=notes)


def test_any_user_may_write_into_the_file(tmp_path: Path) -> None:
    path = messages.make(tmp_path / "uid", "web", 2)
    assert path == tmp_path / "uid/web.2"
    assert path.stat().st_mode & 0o777 == 0o666


def test_the_end_is_what_counts(tmp_path: Path) -> None:
    path = messages.make(tmp_path, "web", 0)
    path.write_bytes(b"x" * 5000 + b"end \xff")
    found = messages.read(ended(str(path)))
    assert found.endswith("end \ufffd")
    assert len(found) == 4096


def test_a_log_will_do_where_it_may(tmp_path: Path) -> None:
    log = tmp_path / "log"
    lines = [f"2026-01-01T00:00:00.1Z stdout F line {number}\n" for number in range(200)]
    log.write_text("".join(lines) + "2026-01-01T00:00:00.1Z stderr P half")
    found = messages.read(ended(policy="FallbackToLogsOnError", log=str(log)))
    assert found.endswith("line 199\nhalf")
    assert len(found.splitlines()) <= 80
    assert messages.read(ended(policy="FallbackToLogsOnError", log=str(log), code=0)) == ""
    assert messages.read(ended(log=str(log))) == ""


def test_dockers_own_logs_can_be_read_too(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"log":"one\\n","stream":"stdout"}\n{broken\n')
    assert messages.read(ended(policy="FallbackToLogsOnError", log=str(tmp_path / "log"))) == "one\n"


@pytest.mark.parametrize("trap", ["missing", "link", "fifo", "directory"])
def test_what_is_no_file_says_nothing(tmp_path: Path, trap: str) -> None:
    path = tmp_path / "web.0"
    if trap == "link":
        (tmp_path / "secret").write_text("secret")
        path.symlink_to(tmp_path / "secret")
    elif trap == "fifo":
        os.mkfifo(path)
    elif trap == "directory":
        path.mkdir()
    assert messages.read(ended(str(path))) == ""


def test_what_grows_too_large_is_emptied(tmp_path: Path) -> None:
    large, sparse, small = (messages.make(tmp_path / "uid", name, 0) for name in ("large", "sparse", "small"))
    large.write_bytes(b"x" * (messages.FILE_BYTES + 1))
    os.truncate(sparse, 1 << 40)
    small.write_text("word")
    assert sorted(messages.cut(tmp_path)) == sorted([str(large), str(sparse)])
    assert (large.stat().st_size, sparse.stat().st_size, small.read_text()) == (0, 0, "word")
    assert messages.cut(tmp_path / "none") == []


@given(st.binary(max_size=300))
def test_any_log_can_be_read(data: bytes) -> None:
    path = Path("/tmp") / f"wherry-test-log-{os.getpid()}"
    path.write_bytes(data)
    messages.read(ended(policy="FallbackToLogsOnError", log=str(path)))
    path.unlink()
