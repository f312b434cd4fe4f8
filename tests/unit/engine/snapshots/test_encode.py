import io
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.encode import END, encode, padding
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.model import Limits
from wherry.engine.snapshots.reader import entries
from wherry.engine.snapshots.source import Source
from wherry.kit.errors import Invalid


def header(name: bytes = b"file", kind: bytes = tar.REGULAR, **more: Any) -> Header:
    fields: dict[str, Any] = {"link": b"", "mode": 0o644, "uid": 0, "gid": 0, "size": 0, "mtime": 0, **more}
    return Header(name, kind, **fields)


def read(*blocks: bytes) -> list[Header]:
    return list(entries(Source(Decompressed(io.BytesIO(b"".join(blocks) + END)), Limits())))


def test_an_ordinary_entry_is_one_block_that_everybody_can_read() -> None:
    block = encode(header(b"bin/sh", mode=0o4755, uid=1, gid=65535, mtime=1_767_225_600 * 10**9, size=3))
    assert len(block) == 512
    with tarfile.open(fileobj=io.BytesIO(block + b"abc".ljust(512, b"\0") + END)) as archive:
        member = archive.getmembers()[0]
    assert (member.name, member.mode, member.uid, member.gid) == ("bin/sh", 0o4755, 1, 65535)
    assert (member.mtime, member.size, member.uname, member.gname) == (1_767_225_600, 3, "", "")


@pytest.mark.parametrize(
    "name",
    [
        b"a" * 100,
        b"d" * 155 + b"/" + b"f" * 100,
        b"d" * 60 + b"/" + b"e" * 60 + b"/",
    ],
    ids=["name", "prefix", "directory"],
)
def test_long_names_use_the_prefix_where_they_fit(name: bytes) -> None:
    block = encode(header(name))
    assert len(block) == 512
    assert read(block)[0].name == name


@pytest.mark.parametrize(
    "name", [b"a" * 101, b"d" * 156 + b"/f", b"d/" + b"f" * 101, "é".encode(), b"\xff", b"/".join([b"x" * 50] * 60)]
)
def test_other_names_stand_in_a_pax_header(name: bytes) -> None:
    block = encode(header(name, mode=0o600))
    assert len(block) > 512
    found = read(block)[0]
    assert (found.name, found.mode) == (name, 0o600)


def test_numbers_too_big_for_octal_digits_stand_in_a_pax_header() -> None:
    found = read(encode(header(uid=1 << 21, gid=(1 << 32) - 2, size=0)))[0]
    assert (found.uid, found.gid) == (1 << 21, (1 << 32) - 2)
    blocks = encode(header(size=1 << 33))
    with tarfile.open(fileobj=io.BytesIO(blocks + END)) as archive:
        assert archive.next().size == 1 << 33  # type: ignore[union-attr]


def test_fractions_of_seconds_are_cut() -> None:
    assert read(encode(header(mtime=1_999_999_999)))[0].mtime == 1_000_000_000


def test_an_attribute_with_an_equals_sign_in_its_name_is_refused() -> None:
    with pytest.raises(Invalid, match="no archive can hold"):
        encode(header(xattrs={b"user.a=b": b""}))


def test_attributes_beyond_what_is_read_are_refused() -> None:
    with pytest.raises(Invalid, match="more than 1048576 bytes"):
        encode(header(xattrs={b"user.%d" % number: bytes(60_000) for number in range(18)}))


def test_attributes_are_sorted() -> None:
    one, other = {b"user.a": b"1", b"user.b": b"2"}, {b"user.b": b"2", b"user.a": b"1"}
    assert encode(header(xattrs=one)) == encode(header(xattrs=other))


def test_padding_fills_the_last_block() -> None:
    assert [padding(size) for size in (0, 1, 511, 512, 513)] == [0, 511, 1, 0, 511]


names = st.binary(min_size=1, max_size=400).map(lambda text: text.replace(b"\0", b"").strip(b"/")).filter(bool)


@given(
    name=names,
    link=names,
    numbers=st.tuples(st.integers(0, 0o7777), st.integers(0, (1 << 32) - 2), st.integers(0, (1 << 32) - 2)),
    seconds=st.integers(0, (1 << 33) - 1),
    kind=st.sampled_from([tar.REGULAR, tar.SYMBOLIC_LINK, tar.HARD_LINK, tar.DIRECTORY, tar.FIFO, tar.CHARACTER]),
    xattrs=st.dictionaries(names.map(lambda name: b"user." + name.replace(b"=", b"-")), st.binary(max_size=300)),
)
def test_what_is_written_is_what_is_read(
    name: bytes, link: bytes, numbers: tuple[int, int, int], seconds: int, kind: bytes, xattrs: dict[bytes, bytes]
) -> None:
    mode, uid, gid = numbers
    with_link = kind in (tar.SYMBOLIC_LINK, tar.HARD_LINK)
    written = header(
        name, kind, link=link if with_link else b"", mode=mode, uid=uid, gid=gid, mtime=seconds * 10**9,
        major=4095 if kind == tar.CHARACTER else 0, minor=1048575 if kind == tar.CHARACTER else 0,
        xattrs=xattrs or None,
    )  # fmt: skip
    assert read(encode(written)) == [written]
