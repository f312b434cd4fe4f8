"""What a peer may do, without a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.http.spdy.connection import (
    NO_WINDOW,
    WINDOW_BYTES,
    Answered,
    Connection,
    Event,
    Leaving,
    Opened,
    Received,
    Replied,
    WasReset,
    Widened,
)
from wherry.http.spdy.frames import FIN, UNIDIRECTIONAL, GoAway, ProtocolError, Status, Type, control, data, words
from wherry.http.spdy.headers import Compressor

STDIN = {"streamtype": "stdin"}


class Pair:
    """A client and a server that hear each other at once."""

    def __init__(self, max_streams: int = 10) -> None:
        self.client = Connection(is_client=True)
        self.server = Connection(is_client=False, max_streams=max_streams)

    def to_server(self) -> list[Event]:
        return self.server.receive(self.client.take())

    def to_client(self) -> list[Event]:
        return self.client.receive(self.server.take())

    def opened(self) -> int:
        number = self.client.open(STDIN)
        assert self.to_server() == [Opened(number, STDIN, False)]
        self.server.reply(number)
        assert self.to_client() == [Replied(number, {}, False)]
        return number


def test_a_stream_is_opened_answered_used_and_ended() -> None:
    pair = Pair()
    number = pair.opened()
    pair.client.send(number, b"in")
    pair.client.send(number, b"put", fin=True)
    assert pair.to_server() == [Received(number, b"in", False), Received(number, b"put", True)]
    assert pair.server.can_send(number) and not pair.client.can_send(number)
    pair.server.send(number, b"out", fin=True)
    assert pair.to_client() == [Received(number, b"out", True)]
    assert pair.server.open_streams == pair.client.open_streams == 0


def test_clients_have_odd_numbers_and_servers_even_ones() -> None:
    pair = Pair()
    assert [pair.client.open({}), pair.client.open({})] == [1, 3]
    assert [pair.server.open({}), pair.server.open({})] == [2, 4]
    assert pair.client.ping() % 2 == 1 and pair.server.ping() % 2 == 0


def test_a_ping_is_answered_and_an_answer_is_not() -> None:
    pair = Pair()
    number = pair.client.ping()
    assert pair.to_server() == []
    assert pair.to_client() == [Answered(number)]
    assert pair.client.take() == b""


def test_a_stream_that_was_opened_one_way_takes_nothing() -> None:
    server = Connection(is_client=False)
    frame = control(Type.SYN_STREAM, words(1, 0) + b"\0\0" + Compressor().encode(STDIN), UNIDIRECTIONAL)
    assert server.receive(frame) == [Opened(1, STDIN, False)]
    assert not server.can_send(1)
    with pytest.raises(ValueError):
        server.send(1, b"x")


def test_a_stream_that_is_opened_and_ended_at_once() -> None:
    server = Connection(is_client=False)
    frame = control(Type.SYN_STREAM, words(1, 0) + b"\0\0" + Compressor().encode(STDIN), FIN)
    assert server.receive(frame) == [Opened(1, STDIN, True)]
    server.send(1, b"still", fin=True)
    assert not server.has(1)


def test_a_reset_ends_a_stream_both_ways_and_what_was_under_way_is_dropped() -> None:
    pair = Pair()
    number = pair.opened()
    pair.client.send(number, b"late")
    pair.server.reset(number, Status.CANCEL)
    assert pair.to_server() == []
    assert pair.to_client() == [WasReset(number, Status.CANCEL)]
    assert not pair.client.can_send(number) and pair.client.room(number) == 0
    pair.server.reset(number)
    assert pair.server.take() == b""


def test_data_on_a_stream_that_never_was_is_reset() -> None:
    server = Connection(is_client=False)
    assert server.receive(data(5, b"x")) == []
    assert server.take() == control(Type.RST_STREAM, words(5, Status.INVALID_STREAM))


def test_more_streams_than_may_be_are_refused_and_the_others_go_on() -> None:
    pair = Pair(max_streams=2)
    (
        first,
        _,
        third,
    ) = [pair.client.open(STDIN) for _ in range(3)]
    assert len(pair.to_server()) == 2
    assert pair.to_client() == [WasReset(third, Status.REFUSED_STREAM)]
    pair.client.reset(first)
    fourth = pair.client.open({"streamtype": "after"})
    assert pair.to_server() == [WasReset(first, Status.CANCEL), Opened(fourth, {"streamtype": "after"}, False)]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_numbers_that_do_not_rise_or_are_not_the_peers_end_the_connection(number: int) -> None:
    server, compressor = Connection(is_client=False), Compressor()
    server.receive(control(Type.SYN_STREAM, words(1, 0) + b"\0\0" + compressor.encode({})))
    with pytest.raises(ProtocolError):
        server.receive(control(Type.SYN_STREAM, words(number, 0) + b"\0\0" + compressor.encode({})))
    assert server.take() == control(Type.GOAWAY, words(1, GoAway.PROTOCOL_ERROR))


def test_who_leaves_takes_no_more_streams_and_reads_their_headers_all_the_same() -> None:
    pair = Pair()
    pair.server.go_away()
    pair.server.go_away()
    assert pair.to_client() == [Leaving(0)]
    pair.client.open(STDIN)
    assert pair.to_server() == []


def test_unknown_frames_are_ignored() -> None:
    server = Connection(is_client=False)
    assert server.receive(b"\x80\x03\x00\x0a\x00\x00\x00\x02xx") == []


def test_headers_behind_the_first_are_ignored_but_for_their_end() -> None:
    server, compressor = Connection(is_client=False), Compressor()
    server.receive(control(Type.SYN_STREAM, words(1, 0) + b"\0\0" + compressor.encode(STDIN)))
    assert server.receive(control(Type.HEADERS, words(1) + compressor.encode({"a": "b"}))) == []
    more = control(Type.HEADERS, words(1) + compressor.encode({}), FIN)
    assert server.receive(more) == [Received(1, b"", True)]


def test_a_peer_that_does_not_count_is_sent_as_much_as_there_is() -> None:
    pair = Pair()
    number = pair.opened()
    assert pair.server.room(number) == NO_WINDOW
    pair.server.send(number, bytes(1 << 20))
    assert pair.server.room(number) == NO_WINDOW


def test_a_peer_that_counts_is_sent_what_it_has_room_for() -> None:
    pair = Pair()
    number = pair.opened()
    entry = b"\x00\x00\x00\x07" + (1000).to_bytes(4, "big")
    assert pair.server.receive(control(Type.SETTINGS, words(1) + entry)) == [Widened(0)]
    assert pair.server.room(number) == 1000
    pair.server.send(number, bytes(1000))
    assert pair.server.room(number) == 0
    with pytest.raises(ValueError):
        pair.server.send(number, b"x")
    assert pair.server.receive(control(Type.WINDOW_UPDATE, words(number, 70000))) == [Widened(number)]
    assert pair.server.room(number) == WINDOW_BYTES - 1000  # of the whole connection
    assert pair.server.receive(control(Type.WINDOW_UPDATE, words(0, 1000))) == [Widened(0)]
    assert pair.server.room(number) == WINDOW_BYTES


def test_a_window_that_is_too_large_ends_the_stream_or_the_connection() -> None:
    pair = Pair()
    number = pair.opened()
    frame = control(Type.WINDOW_UPDATE, words(number, (1 << 31) - 1))
    assert pair.server.receive(frame) == [WasReset(number, Status.FLOW_CONTROL_ERROR)]
    with pytest.raises(ProtocolError):
        pair.server.receive(control(Type.WINDOW_UPDATE, words(0, (1 << 31) - 1)))


def test_what_is_done_with_makes_room_for_more() -> None:
    pair = Pair()
    number = pair.opened()
    for _ in range(8):  # more than a window, to a peer that tells what it has read
        assert pair.client.room(number) >= 32768
        pair.client.send(number, bytes(32768))
        pair.to_server()
        pair.server.consumed(number, 32768)
        assert pair.to_client() == [Widened(number), Widened(0)]
    assert pair.client.room(number) == WINDOW_BYTES


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_whatever_comes_is_read_or_refused_and_only_refusals_end_it(pieces: list[bytes]) -> None:
    server = Connection(is_client=False)
    for piece in pieces:
        try:
            server.receive(piece)
        except ProtocolError:
            assert control(Type.GOAWAY, words(0, GoAway.PROTOCOL_ERROR)) in server.take()
            return


frames = st.one_of(
    st.builds(lambda n, c: data(n, c), st.integers(0, 6), st.binary(max_size=8)),
    st.builds(
        lambda t, n, m, f: control(t, words(n, m), f),
        st.sampled_from([Type.RST_STREAM, Type.PING, Type.GOAWAY, Type.WINDOW_UPDATE]),
        st.integers(0, 6), st.integers(0, 2**32 - 1), st.integers(0, 3),
    ),
)  # fmt: skip


@given(st.lists(st.one_of(frames, st.just(b"open")), max_size=30))
def test_no_order_of_frames_makes_more_streams_than_were_opened(sent: list[bytes]) -> None:
    server, compressor, number = Connection(is_client=False, max_streams=3), Compressor(), 1
    for frame in sent:
        if frame == b"open":
            frame = control(Type.SYN_STREAM, words(number, 0) + b"\0\0" + compressor.encode(STDIN))
            number += 2
        try:
            server.receive(frame)
        except ProtocolError:
            return
        assert server.open_streams <= 3
