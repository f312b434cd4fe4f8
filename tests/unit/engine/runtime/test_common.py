"""What the shim's parts share."""

import os
import signal
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.runtime import wire
from wherry.engine.runtime.common import attach, exit_code, reported
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.loop import Loop
from wherry.engine.runtime.stdio import Stdio

WANTS = {"stdin": False, "stdout": True, "stderr": False, "detach_keys": "1011", "early": ""}


@pytest.mark.parametrize("code", [0, 1, 127, 255])
def test_a_program_that_exits_has_its_own_code(code: int) -> None:
    pid = os.fork()
    if not pid:
        os._exit(code)
    assert exit_code(os.waitpid(pid, 0)[1]) == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGRTMAX])
def test_a_program_that_a_signal_ends_has_128_and_its_number(number: int) -> None:
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pause()
    os.kill(pid, number)
    assert exit_code(os.waitpid(pid, 0)[1]) == 128 + number


def test_a_client_is_attached_with_what_it_wants() -> None:
    stdio = Stdio(Loop(), False, lambda: None)
    ours, theirs = socket.socketpair()
    received = wire.Received({}, {"attach": theirs.detach()})
    attach(stdio, WANTS, received)
    (client,) = stdio._clients
    assert client.wants == {"stdin": False, "stdout": True, "stderr": False}
    assert received.fds == {}  # it is the client's now
    client.sock.close()
    ours.close()


def test_without_a_descriptor_nobody_is_attached() -> None:
    with pytest.raises(Failure, match="attach without a descriptor"):
        attach(Stdio(Loop(), False, lambda: None), WANTS, wire.Received({}, {}), "attach:0")


texts = st.text(max_size=8)


@given(texts, texts, st.integers(0, 133), texts)
def test_a_failure_is_the_same_on_the_other_side(step: str, message: str, errno: int, path: str) -> None:
    there = reported(to_message(Failure(step, message, errno, path), "something else"))
    assert (there.step, there.message, there.errno, there.path) == (step, message, errno, path)
