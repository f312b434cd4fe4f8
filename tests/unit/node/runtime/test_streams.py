"""Streams over one socket."""

import socket
import struct

from hypothesis import given
from hypothesis import strategies as st

from wherry.node.runtime.streams import Demux, Process, SocketStreams, pair

pieces = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(min_size=0, max_size=20)), max_size=8)


@given(pieces, st.lists(st.integers(1, 9), max_size=30))
def test_pieces_come_out_as_they_went_in_however_they_are_cut(given: list[tuple[int, bytes]], cuts: list[int]) -> None:
    data = b"".join(struct.pack(">BxxxI", number, len(text)) + text for number, text in given)
    demux, said = Demux(), {1: b"", 2: b""}
    at = 0
    for length in [*cuts, len(data)]:
        for number, text in demux.feed(data[at : at + length]):
            assert text
            said[number] += text
        at += length
    assert said == {n: b"".join(text for number, text in given if number == n) for n in (1, 2)}


class Other:
    """A process that remembers."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    async def resize(self, height: int, width: int) -> None:
        self.sizes.append((height, width))

    async def ended(self) -> int:
        return 4


def opened(terminal: bool = False, closes_input: bool = True) -> tuple[SocketStreams, socket.socket, Other]:
    ours, theirs = pair()
    other = Other()
    return (
        SocketStreams(ours, Process(terminal, closes_input, other.resize, other.ended)),
        socket.socket(fileno=theirs),
        other,
    )


async def test_framed_output_is_told_apart() -> None:
    streams, peer, _ = opened()
    peer.sendall(b"\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\3err")
    peer.close()
    assert [piece async for piece in streams.output()] == [(1, b"out"), (2, b"err")]
    streams.close()


async def test_a_terminals_bytes_are_one_stream() -> None:
    streams, peer, _ = opened(terminal=True)
    peer.sendall(b"\1\0\0\0")
    peer.close()
    assert [piece async for piece in streams.output()] == [(1, b"\1\0\0\0")]
    streams.close()


async def test_input_ends_where_the_process_hears_it() -> None:
    for terminal, closes, heard in ((False, True, b""), (True, True, None), (False, False, None)):
        streams, peer, _ = opened(terminal, closes)
        await streams.write(b"in")
        await streams.close_input()
        assert peer.recv(10) == b"in"
        peer.setblocking(False)
        try:
            assert peer.recv(10) == heard
        except BlockingIOError:
            assert heard is None
        streams.close()
        peer.close()


async def test_what_nobody_reads_is_dropped() -> None:
    streams, peer, _ = opened()
    peer.close()
    await streams.write(b"x" * 100_000)
    await streams.close_input()
    assert [piece async for piece in streams.output()] == []
    streams.close()
    streams.close()


async def test_width_and_height_are_turned_round_and_the_end_is_told() -> None:
    streams, peer, other = opened()
    await streams.resize(80, 24)
    assert other.sizes == [(24, 80)]
    assert await streams.exit_code() == 4
    streams.close()
    peer.close()
