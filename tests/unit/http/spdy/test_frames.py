"""Frames: whole or in pieces, they are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.http.spdy.frames import (
    CONTROL_BYTES,
    Control,
    Data,
    ProtocolError,
    Reader,
    Type,
    control,
    data,
    settings,
    stream_id,
    words,
)

controls = st.builds(
    lambda type, payload, flags: (control(type, payload, flags), Control(type, flags, payload)),
    st.sampled_from(Type), st.binary(max_size=60), st.integers(0, 255),
)  # fmt: skip
contents = st.builds(
    lambda stream, content, fin: (data(stream, content, fin), Data(stream, content, fin)),
    st.integers(1, 2**31 - 1), st.binary(max_size=60), st.booleans(),
)  # fmt: skip


def pieces_of(content: bytes, sizes: list[int]) -> list[bytes]:
    found, at = [], 0
    for size in sizes:
        found.append(content[at : at + size])
        at += size
    return [*found, content[at:]]


def joined(frames: list[Control | Data]) -> list[Control | Data]:
    """Pieces of a data frame put together again."""
    found: list[Control | Data] = []
    is_open = False
    for frame in frames:
        last = found[-1] if found else None
        if is_open and isinstance(frame, Data) and isinstance(last, Data):
            found[-1] = Data(frame.stream, last.data + frame.data, frame.fin)
        else:
            found.append(frame)
        is_open = False
    return found


@given(st.lists(controls | contents, max_size=8), st.lists(st.integers(0, 20), max_size=20))
def test_frames_are_read_however_they_arrive(frames: list[tuple[bytes, Control | Data]], sizes: list[int]) -> None:
    sent = b"".join(raw for raw, _ in frames)
    reader, said = Reader(), ""
    for piece in pieces_of(sent, sizes):
        for frame in reader.feed(piece):
            if isinstance(frame, Control):
                said += f"<{frame.type} {frame.flags} {frame.payload.hex()}>"
            else:
                said += "".join(f"[{frame.stream} {byte:02x}]" for byte in frame.data) + ("." if frame.fin else "")
    wanted = ""
    for _, frame in frames:
        if isinstance(frame, Control):
            wanted += f"<{int(frame.type)} {frame.flags} {frame.payload.hex()}>"
        else:
            wanted += "".join(f"[{frame.stream} {byte:02x}]" for byte in frame.data) + ("." if frame.fin else "")
    assert said == wanted


def test_data_goes_on_before_its_frame_is_complete() -> None:
    reader = Reader()
    frame = data(5, b"hello", fin=True)
    assert list(reader.feed(frame[:10])) == [Data(5, b"he", False)]
    assert list(reader.feed(frame[10:])) == [Data(5, b"llo", True)]


def test_another_version_is_refused() -> None:
    with pytest.raises(ProtocolError, match="version 2"):
        list(Reader().feed(b"\x80\x02\x00\x01\x00\x00\x00\x00"))


def test_http_is_refused() -> None:
    with pytest.raises(ProtocolError):
        list(Reader().feed(b"\x80GET / HTTP/1.1\r\n\r\n"))


def test_a_control_frame_that_is_too_large_is_refused_by_its_length() -> None:
    head = b"\x80\x03\x00\x01" + (CONTROL_BYTES + 1).to_bytes(4, "big")
    with pytest.raises(ProtocolError, match="65537 bytes"):
        list(Reader().feed(head))


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    try:
        list(Reader().feed(content))
    except ProtocolError:
        pass


def test_a_control_frame_is_asked_for_a_number_that_it_has_not() -> None:
    with pytest.raises(ProtocolError):
        Control(Type.PING, 0, b"\0\0").word()


def test_settings_are_numbers_and_values() -> None:
    entry = b"\x01\x00\x00\x07\x00\x01\x00\x00"
    assert list(settings(words(1) + entry)) == [(7, 65536)]
    for wrong in (b"", words(2) + entry, words(1) + entry + b"x"):
        with pytest.raises(ProtocolError):
            list(settings(wrong))


def test_the_highest_bit_is_no_part_of_a_stream() -> None:
    assert stream_id(0x8000_0005) == 5
