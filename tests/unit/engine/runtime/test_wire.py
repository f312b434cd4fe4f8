import os
import socket

import pytest

from wherry.engine.runtime import wire


def test_a_message_and_its_descriptors_arrive_under_their_names() -> None:
    left, right = wire.pair()
    read, write = os.pipe()
    wire.send(left, {"op": "x"}, {"in": read, "out": write})
    received = wire.receive(right)
    assert received is not None and received.message == {"op": "x"}
    there = received.take("out")
    assert there is not None
    os.write(there, b"hello")
    assert os.read(read, 5) == b"hello"
    received.close()
    for fd in (read, write, there):
        os.close(fd)
    left.close()
    right.close()


def test_a_message_of_many_megabytes_arrives_whole() -> None:
    left, right = wire.pair()
    wire.send(left, {"text": "y" * 5_000_000})
    received = wire.receive(right)
    assert received is not None and len(received.message["text"]) == 5_000_000 and not received.fds
    left.close()
    right.close()


def test_the_end_of_the_peer_reads_as_none() -> None:
    left, right = wire.pair()
    left.close()
    assert wire.receive(right) is None
    right.close()


def test_nothing_yet_is_an_error_of_its_own() -> None:
    left, right = wire.pair()
    right.setblocking(False)
    with pytest.raises(BlockingIOError):
        wire.receive(right)
    left.close()
    right.close()


def test_too_many_descriptors_are_refused() -> None:
    left, right = wire.pair()
    with pytest.raises(OSError, match="descriptors in one message"):
        wire.send(left, {}, {str(n): 0 for n in range(300)})
    left.close()
    right.close()


def test_descriptors_nobody_takes_are_closed() -> None:
    left, right = wire.pair()
    ours, theirs = socket.socketpair()
    wire.send(left, {}, {"s": theirs.fileno()})
    theirs.close()
    received = wire.receive(right)
    assert received is not None
    received.close()
    assert ours.recv(1) == b""
    for sock in (ours, left, right):
        sock.close()
