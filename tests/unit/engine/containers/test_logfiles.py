"""The files of a rotated log, read as one."""

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.descriptors import open_descriptors
from wherry.engine.containers.logfiles import Files

LINES = st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), max_size=12)


def written(directory: str, files: list[list[bytes]], rest: bytes = b"") -> Path:
    """A log of several files, the oldest first; ``rest`` is half a line at the end."""
    path = Path(directory) / "log"
    for number, lines in enumerate(reversed(files)):
        name = path if number == 0 else Path(f"{path}.{number}")
        name.write_bytes(b"".join(line + b"\n" for line in lines) + (rest if number == 0 else b""))
    return path


def rotate(path: Path, keep: int = 3) -> None:
    for number in range(keep - 1, 0, -1):
        older = Path(f"{path}.{number - 1}") if number > 1 else path
        if older.exists():
            os.replace(older, f"{path}.{number}")
    path.touch()


@given(st.lists(LINES, min_size=1, max_size=4), st.sampled_from([b"", b"half"]))
@settings(deadline=None)
def test_lines_come_from_the_oldest_file_to_the_newest(files: list[list[bytes]], rest: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory, Files(written(directory, files, rest)) as log:
        assert list(log.forwards()) == [line for lines in files for line in lines]


@given(st.lists(LINES, min_size=1, max_size=4), st.sampled_from([b"", b"half"]))
@settings(deadline=None)
def test_backwards_is_forwards_from_the_end(files: list[list[bytes]], rest: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory, Files(written(directory, files, rest)) as log:
        assert list(log.backwards()) == list(log.forwards())[::-1]


def test_lines_longer_than_a_block_are_whole(tmp_path: Path) -> None:
    lines = [b"a" * 200_000, b"", b"b" * 65_536, b"c" * 65_535, b"d"]
    with Files(written(str(tmp_path), [lines])) as log:
        assert list(log.forwards()) == lines
        assert list(log.backwards()) == lines[::-1]


def test_the_end_of_a_large_log_is_read_without_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: nobody reads a terabyte
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast but one\nlast\n")
    with Files(path) as log:
        lines = log.backwards()
        assert [next(lines), next(lines)] == [b"last", b"last but one"]


@given(st.lists(st.one_of(st.just("rotate"), st.just("read"), LINES), max_size=12))
@settings(deadline=None)
def test_a_follower_misses_nothing_over_one_rotation_at_a_time(steps: list[str | list[bytes]]) -> None:
    """What was rotated away between two looks is still there under its new name."""
    with tempfile.TemporaryDirectory() as directory:
        path = written(directory, [[b"stored"]])
        wrote, read, rotations = [b"stored"], list[bytes](), 0
        with Files(path) as log:
            read += log.forwards()
            for step in steps:
                if step == "read":
                    read += log.new_lines()
                    rotations = 0
                elif step == "rotate":
                    if rotations == 2:  # the third would remove what nobody has read
                        continue
                    rotations += 1
                    rotate(path)
                else:
                    with path.open("ab") as file:
                        for line in step:
                            assert isinstance(line, bytes)
                            file.write(line + b"\n")
                            wrote.append(line)
            read += log.new_lines()
        assert read == wrote


def test_what_was_rotated_away_for_good_is_skipped_and_the_rest_is_read(tmp_path: Path) -> None:
    path = written(str(tmp_path), [[b"old"]])
    with Files(path) as log:
        assert list(log.forwards()) == [b"old"]
        for number in range(4):
            rotate(path)
            path.write_bytes(b"line %d\n" % number)
        assert list(log.new_lines()) == [b"line 1", b"line 2", b"line 3"]


def test_half_a_line_is_read_with_its_other_half(tmp_path: Path) -> None:
    path = written(str(tmp_path), [[b"one"]], b"tw")
    for stored in ("forwards", "backwards"):
        path.write_bytes(b"one\ntw")
        with Files(path) as log:
            assert list(getattr(log, stored)()) == [b"one"]
            with path.open("ab") as file:
                file.write(b"o\n")
            assert list(log.new_lines()) == [b"two"]


def test_a_log_of_one_file_is_cut(tmp_path: Path) -> None:
    path = written(str(tmp_path), [[b"a long line that was there"]])
    with Files(path) as log:
        list(log.forwards())
        path.write_bytes(b"new\n")
        assert list(log.new_lines()) == [b"new"]


def test_a_log_that_is_not_there_yet_is_read_when_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with Files(path) as log:
        assert list(log.forwards()) == []
        assert list(log.backwards()) == []
        assert list(log.new_lines()) == []
        path.write_bytes(b"first\n")
        assert list(log.new_lines()) == [b"first"]
        assert list(log.new_lines()) == []


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret\n")
    (tmp_path / "log").symlink_to(tmp_path / "secret")
    try:
        with Files(tmp_path / "log") as log:
            assert list(log.forwards()) == []
    except OSError:
        pass


def test_descriptors_are_closed(tmp_path: Path) -> None:
    before = open_descriptors()
    path = written(str(tmp_path), [[b"one"], [b"two"], [b"three"]])
    with Files(path) as log:
        list(log.forwards())
        rotate(path)
        list(log.new_lines())
    assert open_descriptors() == before
