"""Frames are found in whatever pieces their bytes come."""

from hypothesis import given
from hypothesis import strategies as st

from wherry.http.frames import Frames


def frame(payload: bytes, masked: bool = False) -> bytes:
    """RFC 6455 5.2."""
    size = len(payload)
    if size < 126:
        length = bytes((size | masked << 7,))
    elif size < 65536:
        length = bytes((126 | masked << 7,)) + size.to_bytes(2)
    else:
        length = bytes((127 | masked << 7,)) + size.to_bytes(8)
    return b"\x82" + length + (b"mask" if masked else b"") + payload


FRAMES = st.builds(
    lambda size, masked: frame(bytes(size), masked),
    st.sampled_from([0, 1, 2, 125, 126, 127, 300, 65535, 65536, 70000]),
    st.booleans(),
)


@given(st.lists(FRAMES, max_size=8), st.lists(st.integers(1, 5000), min_size=1))
def test_no_piece_has_parts_of_two(whole: list[bytes], sizes: list[int]) -> None:
    frames, data = Frames(), b"".join(whole)
    borders, at = set(), 0
    for each in whole:
        at += len(each)
        borders.add(at)
    pieces: list[bytes] = []
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        pieces += frames.split(data[at : at + size])
        at, turn = at + size, turn + 1
    assert b"".join(pieces) == data
    at = 0
    for piece in pieces:
        assert piece and not any(at < border < at + len(piece) for border in borders)
        at += len(piece)


def test_what_is_whole_stays_whole() -> None:
    frames = [frame(b"out\n"), frame(b"err\n"), frame(bytes(70000)), frame(b"")]
    assert Frames().split(b"".join(frames)) == frames
