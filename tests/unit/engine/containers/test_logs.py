"""Reading and following a container's log."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.containers.harness import wait_until
from wherry.engine.containers import changes
from wherry.engine.containers.changes import Changes
from wherry.engine.containers.logs import LogLine, LogOptions, Parser, Stitcher, follow, last, read
from wherry.engine.runtime.logfile import LogWriter, timestamp

SECOND = 1_000_000_000
CHUNKS = st.lists(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.text("ab\n", max_size=12).map(str.encode)), max_size=12
)


async def lines(path: Path, options: LogOptions | None = None) -> list[LogLine]:
    return [line async for line in read(path, options or LogOptions())]


async def data(path: Path, options: LogOptions | None = None) -> list[bytes]:
    return [line.data for line in await lines(path, options)]


def line(second: int, text: bytes, stream: str = "stdout", tag: bytes = b"F") -> bytes:
    return b" ".join([timestamp(second * SECOND), stream.encode(), tag, text]) + b"\n"


@given(st.integers(0, 4_000_000_000 * SECOND), st.binary(max_size=50), st.booleans())
def test_a_line_is_read_as_it_was_written(when: int, text: bytes, is_whole: bool) -> None:
    text = text.replace(b"\n", b"")
    raw = b" ".join([timestamp(when), b"stderr", b"F" if is_whole else b"P", text])
    assert Parser().parse(raw) == LogLine("stderr", when, text + b"\n" if is_whole else text)


@given(st.binary(max_size=60))
def test_what_is_no_line_is_passed_over(raw: bytes) -> None:
    assert Parser().parse(raw) is None


@pytest.mark.parametrize(
    "raw", [b"", b"2023-11-14T22:13:20.000000000Z stdout", b"x stdout F y", b"2023-11-14T22:13:20.0Z out F y"]
)
def test_lines_that_a_full_disk_has_cut_are_passed_over(raw: bytes) -> None:
    assert Parser().parse(raw) is None


@given(CHUNKS)
@settings(deadline=None)
async def test_each_stream_is_read_as_it_was_written(chunks: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        log = LogWriter(f"{directory}/log", 0, 1)
        for stream, chunk in chunks:
            log.write(stream, chunk)
        for stream in ("stdout", "stderr"):
            log.finish(stream)
        log.close()
        found = await lines(Path(directory, "log"))
    for stream in ("stdout", "stderr"):
        wrote = b"".join(chunk for name, chunk in chunks if name == stream)
        assert b"".join(one.data for one in found if one.stream == stream) == wrote


async def test_parts_of_a_long_line_are_one_line(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    log.write("stdout", b"x" * 100_000 + b"\nshort\n")
    log.close()
    assert await data(tmp_path / "log") == [b"x" * 100_000 + b"\n", b"short\n"]
    assert await data(tmp_path / "log", LogOptions(tail=2)) == [b"x" * 100_000 + b"\n", b"short\n"]


async def test_a_line_without_an_end_comes_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(line(1, b"one") + line(2, b"prompt> ", tag=b"P"))
    assert await data(tmp_path / "log") == [b"one\n", b"prompt> "]


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.integers(0, 3)), max_size=12), st.integers(0, 15))
@settings(deadline=None)
async def test_a_tail_is_the_end_of_all(written: list[tuple[str, int]], count: int) -> None:
    """Each entry is a line of so many parts before its last."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "log")
        text = b""
        for number, (stream, parts) in enumerate(written):
            text += line(number, b"part", stream, b"P") * parts + line(number, b"%d" % number, stream)
        path.write_bytes(text)
        everything = await data(path)
        assert await data(path, LogOptions(tail=count)) == (everything[-count:] if count else [])


def test_a_tail_stops_reading_when_it_has_enough() -> None:
    taken = []

    def backwards() -> Iterator[LogLine]:
        for number in range(100):
            taken.append(number)
            yield LogLine("stdout", number, b"x\n")

    assert len(last(backwards(), 3)) == 3
    assert len(taken) == 4


async def test_since_and_until_are_inclusive(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"".join(line(second, b"%d" % second) for second in range(1, 6)))
    options = LogOptions(since_nanoseconds=2 * SECOND, until_nanoseconds=4 * SECOND)
    assert await data(tmp_path / "log", options) == [b"2\n", b"3\n", b"4\n"]
    options = LogOptions(until_nanoseconds=4 * SECOND, tail=1)
    assert await data(tmp_path / "log", options) == [b"4\n"]


async def test_streams_can_be_chosen_and_a_tail_counts_only_those(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(line(1, b"out") + line(2, b"err", "stderr") + line(3, b"err", "stderr"))
    assert await data(tmp_path / "log", LogOptions(stderr=False)) == [b"out\n"]
    assert await data(tmp_path / "log", LogOptions(stderr=False, tail=1)) == [b"out\n"]


async def test_a_container_that_has_not_run_has_no_lines(tmp_path: Path) -> None:
    assert await lines(tmp_path / "log") == []


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    stitcher = Stitcher()
    part = LogLine("stdout", 1, b"x" * 16384)
    sizes = [len(one.data) for _ in range(200) if (one := stitcher.add(part)) is not None]
    assert sizes
    assert max(sizes) <= (1 << 20) + 16384


class Follower:
    """``docker logs -f`` of a log in a directory."""

    def __init__(self, path: Path, options: LogOptions | None = None) -> None:
        self.path = path
        self.is_active = True
        self.changes = Changes()
        self.read: list[bytes] = []
        self.task = asyncio.ensure_future(self._follow(options or LogOptions(follow=True)))

    async def _follow(self, options: LogOptions) -> None:
        with self.changes.watch(self.path.parent) as look:
            async for line in follow(self.path, options, look, lambda: self.is_active):
                self.read.append(line.data)

    async def has(self, count: int) -> None:
        await wait_until(lambda: len(self.read) >= count)

    async def end(self) -> None:
        """The container has ended."""
        self.is_active = False
        self.changes.wake(self.path.parent)
        async with asyncio.timeout(60):
            await self.task


async def test_a_follower_gets_what_was_and_what_comes(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    log.write("stdout", b"before\n")
    follower = Follower(tmp_path / "log")
    await follower.has(1)
    log.write("stdout", b"after\n")
    await follower.has(2)
    log.write("stdout", b"at the end")
    log.finish("stdout")
    log.close()
    await follower.end()
    assert follower.read == [b"before\n", b"after\n", b"at the end"]


async def test_a_follower_is_woken_without_polling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "WATCHED_SECONDS", 1000.0)
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    follower = Follower(tmp_path / "log")
    await asyncio.sleep(0.05)
    log.write("stdout", b"now\n")
    await follower.has(1)
    await follower.end()
    log.close()


async def test_a_follower_misses_nothing_of_a_log_that_is_rotated_often(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 2000, 3)
    follower = Follower(tmp_path / "log")
    wrote = []
    for number in range(600):
        log.write("stdout", b"line %d\n" % number)
        wrote.append(b"line %d\n" % number)
        if number % 40 == 0:
            await follower.has(number + 1)
    log.close()
    await follower.end()
    assert follower.read == wrote


async def test_a_follower_with_a_tail_goes_on_after_it(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    log.write("stdout", b"1\n2\n3\n")
    follower = Follower(tmp_path / "log", LogOptions(follow=True, tail=1))
    await follower.has(1)
    log.write("stdout", b"4\n")
    await follower.has(2)
    await follower.end()
    log.close()
    assert follower.read == [b"3\n", b"4\n"]


async def test_a_follower_of_nothing_old_gets_what_comes(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"), 0, 1)
    log.write("stdout", b"old\n")
    follower = Follower(tmp_path / "log", LogOptions(follow=True, tail=0))
    await asyncio.sleep(0.02)
    log.write("stdout", b"new\n")
    await follower.has(1)
    await follower.end()
    log.close()
    assert follower.read == [b"new\n"]


async def test_a_follower_of_a_container_that_does_not_run_ends(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(line(1, b"one"))
    follower = Follower(tmp_path / "log")
    follower.is_active = False
    async with asyncio.timeout(60):
        await follower.task
    assert follower.read == [b"one\n"]


async def test_until_ends_the_following(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(line(1, b"one") + line(3, b"three"))
    follower = Follower(tmp_path / "log", LogOptions(follow=True, until_nanoseconds=2 * SECOND))
    async with asyncio.timeout(60):
        await follower.task
    assert follower.read == [b"one\n"]
