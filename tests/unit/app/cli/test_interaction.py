"""Frames, and a user at the streams of a container."""

import os
import socket
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.app.cli.interaction import MULTIPLEXED, Demultiplexer, Streams
from wherry.app.client import Response


def _frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20))), st.integers(1, 9))
def test_frames_in_any_pieces(frames: list[tuple[int, bytes]], size: int) -> None:
    data = b"".join(_frame(stream, payload) for stream, payload in frames)
    demultiplexer = Demultiplexer()
    pieces = [piece for index in range(0, len(data), size) for piece in demultiplexer.feed(data[index : index + size])]
    for stream in (1, 2):
        assert b"".join(payload for kind, payload in pieces if kind == stream) == b"".join(
            payload for kind, payload in frames if kind == stream
        )


Serve = Callable[[socket.socket], None]


def _interact(serve: Serve, stdin: int | None, content_type: str = MULTIPLEXED, early: bytes = b"") -> None:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve, args=(theirs,))
    thread.start()
    with ours:
        Streams(Response(ours, 101, {"content-type": content_type}, early), tty=False, stdin=stdin).run()
    thread.join(60)


def test_output_goes_where_it_belongs(capfd: pytest.CaptureFixture[str]) -> None:
    def serve(connection: socket.socket) -> None:
        with connection:
            connection.sendall(_frame(1, b"out\n") + _frame(2, b"err\n"))

    _interact(serve, None, early=_frame(1, b"early\n"))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("early\nout\n", "err\n")


def test_without_stdin_our_side_is_closed_at_once() -> None:
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            seen.append(connection.recv(10))

    _interact(serve, None)
    assert seen == [b""]


@pytest.mark.parametrize("regular_file", [True, False])
def test_much_input_and_output_at_once(capfd: pytest.CaptureFixture[str], tmp_path: object, regular_file: bool) -> None:
    """A container that echoes while we still send must not bring both to a halt."""
    data = b"0123456789abcdef" * 65536

    def serve(connection: socket.socket) -> None:
        with connection:
            while piece := connection.recv(65536):
                connection.sendall(piece)

    if regular_file:
        reader = os.memfd_create("input")
        os.write(reader, data)
        os.lseek(reader, 0, os.SEEK_SET)
        _interact(serve, reader, "application/vnd.docker.raw-stream")
    else:
        reader, writer = os.pipe()
        feeder = threading.Thread(target=lambda: (os.fdopen(writer, "wb").write(data), None))
        feeder.start()
        _interact(serve, reader, "application/vnd.docker.raw-stream")
        feeder.join(60)
    os.close(reader)
    assert capfd.readouterr().out.encode() == data


def test_a_container_that_takes_no_more_input_may_still_speak(capfd: pytest.CaptureFixture[str]) -> None:
    def serve(connection: socket.socket) -> None:
        with connection:
            connection.shutdown(socket.SHUT_RD)
            connection.sendall(_frame(1, b"still here"))

    reader, writer = os.pipe()
    os.write(writer, b"x" * 1000)
    _interact(serve, reader)
    os.close(reader)
    os.close(writer)
    assert capfd.readouterr().out == "still here"
