"""Archives as entries, whoever wrote them."""

import io
import random
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import tars
from tests.unit.engine.snapshots.sources import contents, headers, source
from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.reader import entries
from wherry.kit.errors import Invalid

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
NAMES = st.text("abcä/ .\n\u20ac", min_size=1, max_size=300).filter(lambda name: name.strip("/") not in ("", "."))
KINDS = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]


@st.composite
def members(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(draw(NAMES))
    info.type = draw(st.sampled_from(KINDS))
    info.mode = draw(st.integers(0, 0o7777))
    info.uid, info.gid = draw(st.integers(0, 1 << 31)), draw(st.integers(0, 0o7777777))
    info.mtime = draw(st.integers(0, 1 << 34))
    data = b""
    if info.type == tarfile.REGTYPE:
        data = draw(st.binary(max_size=2000))
        info.size = len(data)
    elif info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = draw(NAMES)
    elif info.type == tarfile.CHRTYPE:
        info.devmajor, info.devminor = draw(st.integers(0, 4095)), draw(st.integers(0, 99999))
    return info, data


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(members(), max_size=5), st.sampled_from(sorted(FORMATS)), st.integers(1, 3000))
def test_what_tarfile_writes_is_read_back(
    written: list[tuple[tarfile.TarInfo, bytes]], kind: str, piece_bytes: int
) -> None:
    buffer = io.BytesIO()
    kept = []
    with tarfile.open(fileobj=buffer, mode="w", format=FORMATS[kind]) as archive:
        for info, data in written:
            try:
                archive.addfile(info, io.BytesIO(data))
            except ValueError:  # ustar has no room for it
                continue
            kept.append((info, data))
    found = contents(buffer.getvalue(), piece_bytes)
    assert len(found) == len(kept)
    for (header, data), (info, expected) in zip(found, kept, strict=True):
        assert data == expected
        assert header.name.rstrip(b"/") == info.name.encode().rstrip(b"/")
        assert header.link == info.linkname.encode()
        assert (header.kind, header.mode, header.uid, header.gid) == (info.type, info.mode, info.uid, info.gid)
        assert (header.mtime, header.real_size) == (info.mtime * 1_000_000_000, len(expected))
        if info.type == tarfile.CHRTYPE:
            assert (header.major, header.minor) == (info.devmajor, info.devminor)


@pytest.mark.parametrize("kind", ["v7", "ustar", "gnu", "oldgnu", "pax"])
def test_what_gnu_tar_writes_is_read_back(tmp_path: Path, kind: str) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/file").write_bytes(b"x" * 1000)
    (tmp_path / "tree/sub/link").symlink_to("../file")
    command = ["tar", "-C", tmp_path, "--format", kind, "--sort=name", "-cf", "-", "tree"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    found = {header.name.rstrip(b"/"): header for header in headers(data)}
    assert list(found) == [b"tree", b"tree/file", b"tree/sub", b"tree/sub/link"]
    assert [header.kind for header in found.values()] == [b"5", b"0", b"5", b"2"]
    assert found[b"tree/sub/link"].link == b"../file"


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("options", [["gnu"], ["pax", "0.0"], ["pax", "0.1"], ["pax", "1.0"]])
def test_sparse_files_of_gnu_tar_are_read_back(tmp_path: Path, options: list[str], count: int) -> None:
    parts = [(number * 65536, bytes([1 + number]) * 5000) for number in range(count)]
    with open(tmp_path / "sparse", "wb") as file:
        for offset, data in parts:
            file.seek(offset)
            file.write(data)
        file.truncate(count * 65536 + 100_000)
    command = ["tar", "-C", tmp_path, "--sparse", "--hole-detection=raw", "--format", options[0]]
    command += [f"--sparse-version={options[1]}"] if len(options) > 1 else []
    data = subprocess.run([*command, "-cf", "-", "sparse"], check=True, capture_output=True).stdout
    [(header, packed)] = contents(data)
    assert (header.name, header.kind, header.real_size) == (b"sparse", tar.REGULAR, count * 65536 + 100_000)
    content = bytearray(header.real_size)
    at = 0
    for offset, length in header.extents or ():
        content[offset : offset + length] = packed[at : at + length]
        at += length
    assert at == len(packed) < header.real_size
    assert bytes(content) == (tmp_path / "sparse").read_bytes()


def test_an_empty_archive_has_no_entries() -> None:
    assert headers(tars.archive()) == []
    assert headers(b"") == []
    assert headers(bytes(512)) == []  # the second block of the end marker may be missing
    assert headers(bytes(10240)) == []


def test_what_follows_the_end_marker_is_not_read() -> None:
    assert headers(tars.archive() + b"not a tar") == []


@pytest.mark.parametrize("tail", [tars.file("b"), b"x" * 512, b"\0" * 511 + b"x"])
def test_an_entry_behind_one_block_of_zeros_is_refused(tail: bytes) -> None:
    with pytest.raises(Invalid, match="zeros"):
        headers(tars.file("a") + bytes(512) + tail)


SAMPLE = tars.archive(
    tars.file("a" * 150, b"x" * 700, xattrs={"user.x": "y"}),
    tars.special(b"L", b"long\0"),
    tars.folder("d"),
    tars.file("e"),
)


def test_truncation_is_noticed_everywhere_but_between_two_entries() -> None:
    complete = len(headers(SAMPLE))
    borders = {len(SAMPLE) - 512, len(SAMPLE) - 1024, len(SAMPLE) - 1536, 512 + 512 + 512 + 1024}
    for cut in range(1, len(SAMPLE)):
        if cut in borders:
            assert len(headers(SAMPLE[:cut])) <= complete
        else:
            with pytest.raises(Invalid):
                headers(SAMPLE[:cut])


@given(st.binary(max_size=3000))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        headers(data)
    except Invalid:
        pass


@settings(max_examples=300)
@given(st.integers())
def test_damaged_archives_are_read_or_refused(seed: int) -> None:
    """Bytes are changed and the headers' checksums made right again, so that what is behind them is reached."""
    generator = random.Random(seed)
    data = bytearray(SAMPLE[: len(SAMPLE) - 512 * generator.randrange(3)])
    for _ in range(generator.randrange(1, 30)):
        data[generator.randrange(len(data))] = generator.choice(
            [0, 32, 48, 49, 53, 76, 83, 120, 255, generator.randrange(256)]
        )
    for at in range(0, len(data), 512):
        if generator.random() < 0.8:
            data[at : at + 512] = tars.with_checksum(bytes(data[at : at + 512]))
    try:
        found = headers(bytes(data))
    except Invalid:
        return
    assert all(header.size >= 0 and header.real_size >= 0 for header in found)


def test_extended_headers_describe_the_next_entry_only() -> None:
    records = {
        "path": "long",
        "uid": "70000",
        "gid": "70001",
        "mtime": "1.5",
        "size": "3",
        "SCHILY.xattr.user.a": "b",
        "comment": "ignored",
    }
    one, two = contents(tars.archive(tars.pax(records), tars.entry("short", data=b"abc", size=0), tars.file("next")))
    header, data = one
    assert (header.name, header.uid, header.gid, header.mtime) == (b"long", 70000, 70001, 1_500_000_000)
    assert (data, header.xattrs) == (b"abc", {b"user.a": b"b"})
    assert (two[0].name, two[0].uid, two[0].xattrs) == (b"next", 0, None)


def test_of_several_extended_headers_the_last_counts() -> None:
    [header] = headers(
        tars.archive(tars.pax({"path": "one", "uid": "1"}), tars.pax({"gid": "2"}, b"x"), tars.file("name"))
    )
    assert (header.name, header.uid, header.gid) == (b"name", 0, 2)


def test_gnu_long_names_win_over_pax_ones() -> None:
    parts = [tars.special(b"L", b"long name\0junk"), tars.special(b"K", b"long link\0")]
    [header] = headers(tars.archive(*parts, tars.pax({"path": "pax", "linkpath": "pax"}), tars.symlink("a", "b")))
    assert (header.name, header.link) == (b"long name", b"long link")


@pytest.mark.parametrize("value", ["", b"\0"])
def test_an_empty_name_does_not_replace_one(value: str | bytes) -> None:
    parts = [tars.special(b"L", tars.raw(value)), tars.pax({"path": ""})]
    assert headers(tars.archive(*parts, tars.file("a")))[0].name == b"a"


def test_global_headers_say_nothing_and_end_what_was_said() -> None:
    """As Go's reader, for which one is an entry of its own."""
    [header] = headers(
        tars.archive(tars.pax({"path": "before"}), tars.pax({"path": "global", "uid": "5"}, b"g"), tars.file("a"))
    )
    assert (header.name, header.uid) == (b"a", 0)


def test_a_long_name_of_a_long_name_is_a_long_name() -> None:
    long = tars.special(b"L", b"a" * 5000)
    [header] = headers(tars.archive(long, tars.special(b"L", b"b" * 300), tars.file("c")))
    assert header.name == b"b" * 300


@pytest.mark.parametrize("kind", [tars.DIRECTORY, tars.SYMBOLIC_LINK, tars.HARD_LINK, tars.CHARACTER, tars.FIFO])
@pytest.mark.parametrize("by_pax", [True, False])
def test_only_files_have_data(kind: bytes, by_pax: bool) -> None:
    """A size elsewhere is passed over: what comes next is a header, for every reader alike."""
    first = tars.pax({"size": "512"}) + tars.block("a", kind) if by_pax else tars.block("a", kind, size=512)
    assert [header.name for header in headers(tars.archive(first, tars.file("b")))] == [b"a", b"b"]


def test_before_posix_a_slash_made_a_directory() -> None:
    found = headers(tars.archive(tars.block("d/", b"\0", size=512, magic=tars.V7), tars.file("next")))
    assert [(header.name, header.kind, header.size) for header in found] == [(b"d/", b"5", 0), (b"next", b"0", 0)]


@pytest.mark.parametrize("kind", [b"\0", b"0", b"7"])
def test_all_files_are_regular_files(kind: bytes) -> None:
    [(header, data)] = contents(tars.archive(tars.entry("f", kind, b"abc")))
    assert (header.kind, data, header.real_size) == (tar.REGULAR, b"abc", 3)


def test_data_that_nobody_takes_is_passed_over() -> None:
    stream = source(tars.archive(tars.file("a", b"x" * 5000), tars.file("b", b"y")), piece_bytes=700)
    taken = [(header.name, stream.take(min(header.size, 1))) for header in entries(stream)]
    assert taken == [(b"a", b"x"), (b"b", b"y")]


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K", b"X"])
def test_extended_headers_have_a_limit(kind: bytes) -> None:
    big = tars.block("x", kind, size=(1 << 20) + 1)
    with pytest.raises(Invalid, match="extended headers"):
        headers(big)
    with pytest.raises(Invalid, match="extended headers"):
        headers(tars.special(b"L", b"a" * 600_000) + tars.special(b"K", b"a" * 600_000))


def test_an_archive_does_not_end_behind_an_extended_header() -> None:
    for tail in (b"", bytes(1024)):
        with pytest.raises(Invalid, match="not a complete"):
            headers(tars.pax({"path": "a"}) + tail)


def sparse(records: dict[str, str], data: bytes, kind: bytes = tars.REGULAR, size: int | None = None) -> bytes:
    return tars.archive(tars.pax(records), tars.entry("f", kind, data, size=len(data) if size is None else size))


VERSION_1 = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1000", "GNU.sparse.name": "s"}


@pytest.mark.parametrize(
    "records",
    [
        {"GNU.sparse.map": "0,4,2,4", "GNU.sparse.size": "100"},  # overlap
        {"GNU.sparse.map": "10,4,0,4", "GNU.sparse.size": "100"},  # order
        {"GNU.sparse.map": "0,4,98,4", "GNU.sparse.size": "100"},  # beyond the end
        {"GNU.sparse.map": "0,4", "GNU.sparse.size": "100"},  # less than there is
        {"GNU.sparse.map": "0,9", "GNU.sparse.size": "100"},  # more than there is
        {"GNU.sparse.map": "0,4,8", "GNU.sparse.size": "100"},
        {"GNU.sparse.map": "0,4,,4", "GNU.sparse.size": "100"},
        {"GNU.sparse.map": "0,-8", "GNU.sparse.size": "100"},
        {"GNU.sparse.map": "0,8", "GNU.sparse.size": "x"},
        {"GNU.sparse.map": "0,8,99999999999999999999,0", "GNU.sparse.size": "100"},
    ],
)
def test_a_sparse_map_that_cannot_be_is_refused(records: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="sparse"):
        headers(sparse(records, b"x" * 8))


@pytest.mark.parametrize(
    "text",
    [
        b"1\n0\n",
        b"",
        b"x\n",
        b"-1\n",
        b"99999999999999\n",
        b"70000\n" + b"0\n" * 140_000,
        b"1\n0\n8",
        b"2\n0\n8\n4\n1\n",
    ],
)
def test_a_sparse_map_in_the_data_that_cannot_be_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        headers(sparse(VERSION_1, tars.padded(text) + b"x" * 8))


def test_only_a_file_can_be_sparse() -> None:
    with pytest.raises(Invalid, match="no file"):
        headers(sparse(VERSION_1, b"", tars.SYMBOLIC_LINK))


def gnu_sparse(parts: list[tuple[int, int]], more: bytes = b"\0", real_size: int = 100, size: int = 8) -> bytes:
    """A header of GNU's first sparse format; its map lies where ustar has the prefix."""
    fields = b"".join(tars.number(offset, 12) + tars.number(length, 12) for offset, length in parts)
    area = bytes(41) + fields.ljust(96, b"\0") + more + tars.number(real_size, 12)
    return tars.block("s", b"S", size=size, magic=tars.GNU, prefix=area[:155], tail=area[155:])


def test_a_gnu_sparse_map_ends_at_its_first_gap() -> None:
    parts = tars.number(0, 12) + tars.number(8, 12) + bytes(24) + tars.number(50, 12) + tars.number(8, 12)
    area = bytes(41) + parts.ljust(96, b"\0") + b"\0" + tars.number(100, 12)
    block = tars.block("s", b"S", size=8, magic=tars.GNU, prefix=area[:155], tail=area[155:])
    [(header, data)] = contents(tars.archive(block, tars.padded(b"12345678")))
    assert (header.extents, header.real_size, data) == ([(0, 8)], 100, b"12345678")


@pytest.mark.parametrize(
    ("parts", "more"), [([(0, 4), (2, 4)], b"\0"), ([(0, 200)], b"\0"), ([(0, 4)], b"\0"), ([(0, 8)], b"\1")]
)
def test_a_gnu_sparse_map_that_cannot_be_is_refused(parts: list[tuple[int, int]], more: bytes) -> None:
    with pytest.raises(Invalid):
        headers(gnu_sparse(parts, more) + tars.padded(b"12345678"))


def test_a_gnu_sparse_map_has_a_limit() -> None:
    following = b"".join(tars.number(100 + 2 * n, 12) + tars.number(1, 12) for n in range(21)).ljust(504, b"\0") + b"\1"
    with pytest.raises(Invalid, match="parts"):
        headers(gnu_sparse([(0, 1)], b"\1") + tars.padded(following) * 4000)
