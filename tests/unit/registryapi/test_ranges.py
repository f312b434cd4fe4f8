"""Parts of blobs, and chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.registry.model import Code, Refused
from wherry.registryapi.ranges import Unsatisfiable, chunk, requested


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("", None),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-9", (0, 10)),
        ("bytes=2-", (2, 8)),
        ("bytes=9-100", (9, 1)),
        ("bytes=-3", (7, 3)),
        ("bytes=-100", (0, 10)),
        ("Bytes = 1 - 2", (1, 2)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
    ],
)
def test_a_range_is_a_part_or_the_whole(header: str | None, part: tuple[int, int] | None) -> None:
    assert requested(header, 10) == part


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-0", 0), ("bytes=-1", 0)]
)
def test_a_range_without_a_byte_is_told_apart(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        requested(header, size)


@given(st.text(alphabet="bytes=-0123456789, ", max_size=20), st.integers(0, 50))
def test_a_part_is_always_inside(header: str, size: int) -> None:
    try:
        part = requested(header, size)
    except Unsatisfiable:
        return
    assert part is None or (part[0] >= 0 and part[1] > 0 and part[0] + part[1] <= size)


@pytest.mark.parametrize(
    ("header", "length", "expected"),
    [
        (None, 5, (None, None)),
        ("0-4", 5, (0, 5)),
        ("5-5", None, (5, 1)),
        ("bytes 5-9/*", 5, (5, 5)),
        ("bytes=5-9", 5, (5, 5)),
    ],
)
def test_a_chunk_says_where_it_is(header: str | None, length: int | None, expected: object) -> None:
    assert chunk(header, length) == expected


@pytest.mark.parametrize(
    ("header", "length", "code"),
    [("0-4", 4, Code.SIZE_INVALID), ("5-3", None, Code.RANGE_INVALID), ("-5", 5, Code.RANGE_INVALID),
     ("x", 5, Code.RANGE_INVALID), ("", 5, Code.RANGE_INVALID), ("0-" + "9" * 30, None, Code.RANGE_INVALID)],
)  # fmt: skip
def test_a_chunk_that_contradicts_itself_is_refused(header: str, length: int | None, code: Code) -> None:
    with pytest.raises(Refused) as refusal:
        chunk(header, length)
    assert refusal.value.code is code
