"""Tar header blocks and pax records as values."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import tars
from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.header import Extended, decimal, number, parse, parse_pax, pax_time
from wherry.kit.errors import Invalid


def test_the_fields_of_a_block_are_read() -> None:
    header = parse(
        tars.block("a/b", b"4", size=5, link="x", mode=0o4755, uid=1, gid=2, mtime=3, major=8, minor=17, prefix=b"p")
    )
    assert (header.name, header.kind, header.link) == (b"p/a/b", tar.BLOCK, b"x")
    assert (header.mode, header.uid, header.gid, header.size) == (0o4755, 1, 2, 5)
    assert (header.mtime, header.major, header.minor) == (3_000_000_000, 8, 17)
    assert (header.xattrs, header.extents, header.real_size) == (None, None, 0)


@pytest.mark.parametrize(
    ("magic", "tail", "name"),
    [
        (tars.USTAR, b"", b"p" * 140 + b"/a"),
        (b"ustar\0zz", b"", b"p" * 140 + b"/a"),  # Go does not look at the version
        (b"ustar\0zz", bytes(8) + b"tar\0", b"p" * 131 + b"/a"),
        (tars.GNU, b"", b"a"),
        (tars.V7, b"", b"a"),
    ],
)
def test_the_magic_decides_whether_there_is_a_prefix(magic: bytes, tail: bytes, name: bytes) -> None:
    assert parse(tars.block("a", magic=magic, prefix=b"p" * 140, tail=tail)).name == name


def test_a_name_ends_at_its_nul() -> None:
    header = parse(tars.block(b"a\0b", link=b"\0c", prefix=b"p\0q"))
    assert (header.name, header.link) == (b"p/a", b"")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"0000644\0", 0o644),
        (b"  644 \0\0", 0o644),
        (b"644\0zzzz", 0o644),
        (b"\0\0\0\0\0\0\0\0", 0),
        (b"        ", 0),
        (b"77777777", 0o77777777),
        (b"\x80\0\0\0\0\0\1\0", 256),
        (b"\x80\0\0\1\0\0\0\0", 1 << 32),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff", -1),
        (b"\xff\xff\xff\xff\xff\xff\xff\0", -256),
    ],
)
def test_numbers_are_octal_or_binary(text: bytes, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", [b"8       ", b"-1      ", b"0x1     ", b"1 2     ", b"+1\0\0\0\0\0\0", b"1_0     "])
def test_what_is_no_number_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="not a number"):
        number(text)


@given(st.integers(-(1 << 62), 1 << 62), st.sampled_from([8, 12]))
def test_every_number_that_fits_is_read_back(value: int, width: int) -> None:
    value %= 1 << (8 * (width - 1) - 1)
    assert number(tars.number(value, width)) == value
    assert number(tars.number(-value, width)) == -value


@pytest.mark.parametrize("value", [-1, -(1 << 40)])
def test_a_negative_size_is_refused(value: int) -> None:
    with pytest.raises(Invalid, match="negative"):
        parse(tars.block("a", size=value))


def test_any_changed_byte_is_noticed() -> None:
    block = tars.block("some/name", mode=0o755, uid=1234, gid=77, mtime=1_700_000_000)
    for at in [*range(148), *range(156, 512)]:
        damaged = block[:at] + bytes([block[at] ^ 0x15]) + block[at + 1 :]
        with pytest.raises(Invalid, match="checksum"):
            parse(damaged)


def test_what_is_no_archive_is_called_so() -> None:
    for data in (b"x" * 512, b"<!DOCTYPE html>".ljust(512), b"{}".ljust(512, b"\n")):
        with pytest.raises(Invalid, match="not a tar archive"):
            parse(data)


def test_the_checksum_may_be_of_signed_bytes() -> None:
    block = tars.block(b"\xff\xfe\xfd")
    signed = int(block[148:154], 8) - 3 * 256
    assert parse(block[:148] + b"%06o\0 " % signed + block[156:]).name == b"\xff\xfe\xfd"


@given(st.binary(min_size=512, max_size=512))
def test_random_blocks_are_refused(block: bytes) -> None:
    with pytest.raises(Invalid):
        parse(block)


@given(st.integers())
def test_random_fields_under_a_right_checksum_are_read_or_refused(seed: int) -> None:
    generator = random.Random(seed)
    block = bytearray(tars.block("a"))
    for _ in range(generator.randrange(1, 20)):
        block[generator.randrange(512)] = generator.randrange(256)
    try:
        header = parse(tars.with_checksum(bytes(block)))
    except Invalid:
        return
    assert header.size >= 0
    assert b"\0" not in header.name + header.link


@pytest.mark.parametrize(("text", "value"), [(b"0", 0), (b"007", 7), (b"18446744073709551615", (1 << 64) - 1)])
def test_decimal_numbers(text: bytes, value: int) -> None:
    assert decimal(text, "it") == value


@pytest.mark.parametrize(
    "text", [b"", b"-1", b"+1", b" 1", b"1 ", b"1.0", b"1_0", b"\xc2\xb2", b"9" * 21, b"9" * 100_000]
)
def test_what_is_no_decimal_number_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="it is"):
        decimal(text, "it")


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        (b"0", 0),
        (b"1", 1_000_000_000),
        (b"1.5", 1_500_000_000),
        (b"1.000000001", 1_000_000_001),
        (b"1.0000000019", 1_000_000_001),
        (b"-1.5", -1_500_000_000),
        (b".5", 500_000_000),
        (b"-.5", -500_000_000),
        (b"1.", 1_000_000_000),
    ],
)
def test_times_have_fractions(text: bytes, nanoseconds: int) -> None:
    assert pax_time(text) == nanoseconds


@pytest.mark.parametrize("text", [b"x", b"1.x", b"1.5.5", b"--1", b"1e9", b"1.-5", b"nan"])
def test_what_is_no_time_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        pax_time(text)


KEYS = st.binary(min_size=1, max_size=30).filter(lambda key: b"=" not in key and b"\0" not in key)


@given(st.dictionaries(KEYS, st.binary(max_size=200), max_size=8))
def test_pax_records_are_read_back(pairs: dict[bytes, bytes]) -> None:
    into = Extended()
    parse_pax(tars.records({b"X." + key: value for key, value in pairs.items()}), into)
    assert into.fields == {b"X." + key: value for key, value in pairs.items()}


@given(st.dictionaries(KEYS, st.binary(max_size=200), max_size=4))
def test_extended_attributes_have_a_place_of_their_own(pairs: dict[bytes, bytes]) -> None:
    into = Extended()
    parse_pax(tars.records({b"SCHILY.xattr." + key: value for key, value in pairs.items()}), into)
    assert (into.fields, into.xattrs) == ({}, pairs)


@given(st.binary(max_size=100))
def test_random_records_are_read_or_refused(data: bytes) -> None:
    try:
        parse_pax(data, Extended())
    except Invalid:
        pass


@given(st.data())
def test_records_that_were_cut_are_refused(data: st.DataObject) -> None:
    text = tars.records({b"path": b"some/path", b"mtime": b"1.5"})
    second = len(tars.records({b"path": b"some/path"}))
    cut = data.draw(st.integers(1, len(text) - 1).filter(lambda at: at != second))
    with pytest.raises(Invalid):
        parse_pax(text[:cut], Extended())


@pytest.mark.parametrize(
    "data",
    [
        b"10 path=a\n\n",  # one byte too many
        b"8 path=a\n",  # one too few
        b"0 path=a\n",
        b"-5 path=a\n",
        b"99999999999999999999 path=a\n",
        b"9999999999999999999999999 path=a\n",
        b" path=a\n",
        b"path=a\n",
        b"9 path a\n",
        b"6 =ab\n",
        b"11 pa\0th=a\n",
        b"12 path=a\0b\n",
        b"16 linkpath=a\0b\n",
        b"28 GNU.sparse.numbytes=1234\n",
        b"9 path=a\n9",  # no end of the second one's length
    ],
)
def test_a_damaged_record_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse_pax(data, Extended())


def test_sparse_records_of_the_first_kind_come_in_pairs() -> None:
    into = Extended()
    parse_pax(tars.records([("GNU.sparse.offset", "1"), ("GNU.sparse.numbytes", "2")] * 2), into)
    assert into.sparse == [(1, 2), (1, 2)]
    assert into.sparse_version == "0"


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({}, ""),
        ({"GNU.sparse.name": "x"}, ""),
        ({"GNU.sparse.map": "0,1"}, "0"),
        ({"GNU.sparse.major": "0", "GNU.sparse.minor": "1"}, "0"),
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, "1.0"),
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "1"}, ""),
        ({"GNU.sparse.major": "2", "GNU.sparse.minor": "0", "GNU.sparse.map": "0,1"}, ""),
    ],
)
def test_an_unknown_sparse_format_is_no_sparse_file(fields: dict[str, str], version: str) -> None:
    """As Go's reader decides; its name and size records do not count then either."""
    into = Extended()
    parse_pax(tars.records(fields), into)
    assert into.sparse_version == version
