"""Numbers and lengths on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.machinery import protobuf_encoder
from wherry.kube.machinery.protowire import OF_VARINT, Malformed, skip, varint, written


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3))
def test_a_number_is_read_and_where_it_ends(value: int, rest: bytes) -> None:
    written = protobuf_encoder.varint(value)
    assert varint(written + rest, 0) == (value, len(written))


@given(st.integers(-(2**63), 2**63 - 1))
def test_negative_numbers_are_large_ones(value: int) -> None:
    assert OF_VARINT["int64"](varint(protobuf_encoder.varint(value), 0)[0]) == value


@pytest.mark.parametrize(("read", "value"), [(0, 0), (0xFFFFFFFF, -1), (0x7FFFFFFF, 2**31 - 1), (2**64 - 5, -5)])
def test_int32_is_the_lower_half(read: int, value: int) -> None:
    assert OF_VARINT["int32"](read) == value


def test_a_number_without_end_is_malformed() -> None:
    with pytest.raises(Malformed):
        varint(b"\xff" * 30, 0)
    with pytest.raises(IndexError):
        varint(b"\xff\xff", 0)


@pytest.mark.parametrize(
    ("tag", "data", "end"), [(8, b"\x80\x01x", 2), (9, bytes(8), 8), (10, b"\x03abc", 4), (13, bytes(4), 4)]
)
def test_fields_are_skipped(tag: int, data: bytes, end: int) -> None:
    assert skip(data, 0, tag) == end


@pytest.mark.parametrize("tag", [0, 3, 11, 12, 14, 15])
def test_groups_and_nonsense_are_malformed(tag: int) -> None:
    with pytest.raises(Malformed):
        skip(bytes(10), 0, tag)


@given(st.integers(-(2**63), 2**64 - 1))
def test_a_number_is_read_as_it_was_written(value: int) -> None:
    data = written(value)
    assert varint(data, 0) == (value & 0xFFFFFFFFFFFFFFFF, len(data))
