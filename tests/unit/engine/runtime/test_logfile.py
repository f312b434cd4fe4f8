from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.runtime.logfile import MAX_LINE, LogWriter, timestamp


def read(path: Path) -> list[tuple[str, str, bytes]]:
    entries = []
    for line in path.read_bytes().splitlines():
        _time, stream, tag, text = line.split(b" ", 3)
        entries.append((stream.decode(), tag.decode(), text))
    return entries


def test_a_timestamp_has_nine_digits_and_is_utc() -> None:
    assert timestamp(1_700_000_000_000_000_007) == b"2023-11-14T22:13:20.000000007Z"


def test_lines_of_both_streams_are_kept_apart(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    log.write("stdout", b"one\ntw")
    log.write("stderr", b"err\n")
    log.write("stdout", b"o\n")
    log.close()
    assert read(tmp_path / "log") == [("stdout", "F", b"one"), ("stderr", "F", b"err"), ("stdout", "F", b"two")]


def test_a_line_without_an_end_is_a_part(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    log.write("stdout", b"prompt> ")
    log.finish("stdout")
    log.close()
    assert read(tmp_path / "log") == [("stdout", "P", b"prompt> ")]


def test_a_long_line_is_cut_into_parts(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    log.write("stdout", b"x" * (2 * MAX_LINE + 5) + b"\n")
    log.close()
    assert [(tag, len(text)) for _, tag, text in read(tmp_path / "log")] == [("P", MAX_LINE), ("P", MAX_LINE), ("F", 5)]


def test_rotation_keeps_the_number_of_files_and_bounds_their_size(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 1000, 3)
    for number in range(200):
        log.write("stdout", b"line %d\n" % number)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    assert read(tmp_path / "log")[-1][2] == b"line 199"


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_a_chunk_bigger_than_a_file_is_spread_over_files(sizes: list[int]) -> None:
    import tempfile

    numbers = iter(range(sum(sizes)))
    with tempfile.TemporaryDirectory() as directory:
        log = LogWriter(f"{directory}/log", 1000, 3)
        for size in sizes:
            log.write("stdout", b"".join(b"line %d\n" % next(numbers) for _ in range(size)))
        log.close()
        files = [path for name in ("log.2", "log.1", "log") if (path := Path(directory, name)).exists()]
        assert all(path.stat().st_size <= 1000 for path in files)
        kept = [text for path in files for _, _, text in read(path)]
    assert kept == [b"line %d" % number for number in range(sum(sizes))][-len(kept) :]
    assert len(files) < 3 or len(kept) >= 2 * (1000 // 60)


@given(st.lists(st.binary(max_size=40000), max_size=6))
def test_parts_joined_are_what_was_written(chunks: list[bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        log = LogWriter(f"{directory}/log", 0, 1)
        for chunk in chunks:
            log.write("stdout", chunk)
        log.finish("stdout")
        log.close()
        data = Path(directory, "log").read_bytes()
    text = b""
    for line in data.split(b"\n")[:-1]:
        _time, _stream, tag, part = line.split(b" ", 3)
        text += part + (b"\n" if tag == b"F" else b"")
    assert text == b"".join(chunks)
