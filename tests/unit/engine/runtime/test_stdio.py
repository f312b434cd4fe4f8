import os
import socket
import struct
import tty

from wherry.engine.runtime.loop import Loop
from wherry.engine.runtime.stdio import Stdio

BOTH = {"stdin": False, "stdout": True, "stderr": True}


def spin(loop: Loop, seconds: float = 0.05) -> None:
    """Let the loop work for a moment."""
    loop._running = True
    loop.later(seconds, loop.stop)
    loop.run()


def frames(data: bytes) -> list[tuple[int, bytes]]:
    result = []
    while data:
        stream, length = struct.unpack(">BxxxI", data[:8])
        result.append((stream, data[8 : 8 + length]))
        data = data[8 + length :]
    return result


def make(stdin: bool = False, stdin_once: bool = False) -> tuple[Loop, Stdio, dict[str, int]]:
    loop = Loop()
    stdio = Stdio(loop, stdin_once, lambda: None)
    return loop, stdio, stdio.open_pipes(0, stdin)


def attach(stdio: Stdio, wants: dict[str, bool], keys: bytes = b"", early: bytes = b"") -> socket.socket:
    ours, theirs = socket.socketpair()
    stdio.attach(theirs, wants, keys, early)
    ours.settimeout(60)
    return ours


def test_output_reaches_a_client_in_frames_and_ends_with_the_process() -> None:
    loop, stdio, ends = make()
    client = attach(stdio, BOTH)
    stdio.begin()
    os.write(ends["stdout"], b"out")
    os.write(ends["stderr"], b"err")
    spin(loop)
    for fd in ends.values():
        os.close(fd)
    stdio.drain()
    data = b""
    while chunk := client.recv(4096):
        data += chunk
    assert sorted(frames(data)) == [(1, b"out"), (2, b"err")]
    assert not stdio.busy


def test_the_end_of_a_clients_input_closes_stdin_once() -> None:
    loop, stdio, ends = make(stdin=True, stdin_once=True)
    client = attach(stdio, {**BOTH, "stdin": True}, early=b"early ")
    stdio.begin()
    client.sendall(b"late")
    client.shutdown(socket.SHUT_WR)
    spin(loop)
    assert os.read(ends["stdin"], 100) == b"early late"
    assert os.read(ends["stdin"], 100) == b""


def test_without_stdin_once_input_stays_open_for_the_next_client() -> None:
    loop, stdio, ends = make(stdin=True)
    stdio.begin()
    for text in (b"one", b"two"):
        client = attach(stdio, {**BOTH, "stdin": True})
        client.sendall(text)
        client.shutdown(socket.SHUT_WR)
        spin(loop)
        assert os.read(ends["stdin"], 100) == text


def test_a_client_that_does_not_read_stops_the_output_and_nothing_is_lost() -> None:
    loop, stdio, ends = make()
    client = attach(stdio, BOTH)
    stdio.begin()
    os.set_blocking(ends["stdout"], False)
    written = 0
    for _ in range(200):
        try:
            while True:
                written += os.write(ends["stdout"], b"z" * 65536)
        except BlockingIOError:
            pass
        spin(loop, 0.002)
    assert written < 4 << 20, "output went on without anybody reading it"
    os.close(ends["stdout"])
    received = 0
    client.setblocking(False)
    buffer = b""
    for _ in range(500):
        spin(loop, 0.002)
        try:
            while True:
                buffer += client.recv(1 << 20)
        except BlockingIOError:
            pass
        received = sum(len(text) for _, text in frames(buffer)) if len(buffer) > written else 0
        if received == written:
            break
    assert received == written


def test_a_client_that_half_closes_still_gets_output() -> None:
    loop, stdio, ends = make()
    client = attach(stdio, BOTH)
    client.shutdown(socket.SHUT_WR)
    stdio.begin()
    spin(loop)
    os.write(ends["stdout"], b"still here")
    spin(loop)
    assert frames(client.recv(100)) == [(1, b"still here")]


def test_a_client_that_vanishes_is_forgotten() -> None:
    loop, stdio, ends = make()
    client = attach(stdio, BOTH)
    stdio.begin()
    client.close()
    spin(loop)
    os.write(ends["stdout"], b"x")
    spin(loop)
    assert not stdio.busy


def test_the_detach_keys_end_the_client_of_a_terminal_not_its_input() -> None:
    detached = []
    loop = Loop()
    stdio = Stdio(loop, False, lambda: detached.append(True))
    master, peer = os.openpty()
    tty.setraw(peer)
    stdio.use_terminal(master)
    client = attach(stdio, {**BOTH, "stdin": True}, keys=b"\x10\x11")
    stdio.begin()
    client.sendall(b"a\x10b\x10\x11never")
    spin(loop)
    assert os.read(peer, 100) == b"a\x10b"
    assert detached and client.recv(1) == b""
    os.close(peer)


def test_a_client_may_say_whether_it_wants_frames() -> None:
    loop = Loop()
    stdio = Stdio(loop, False, lambda: None)
    master, peer = os.openpty()
    tty.setraw(peer)
    stdio.use_terminal(master)
    clients = []
    for framed in (None, True, False):
        ours, theirs = socket.socketpair()
        stdio.attach(theirs, BOTH, b"", b"", framed)
        ours.settimeout(60)
        clients.append(ours)
    stdio.begin()
    os.write(peer, b"out")
    spin(loop)
    usual, with_frames, raw = (client.recv(100) for client in clients)
    assert (usual, frames(with_frames), raw) == (b"out", [(1, b"out")], b"out")
    os.close(peer)
    stdio.drain()


def test_without_a_terminal_the_detach_keys_are_data() -> None:
    loop, stdio, ends = make(stdin=True)
    client = attach(stdio, {**BOTH, "stdin": True}, keys=b"\x10\x11")
    stdio.begin()
    client.sendall(b"a\x10\x11b")
    spin(loop)
    assert os.read(ends["stdin"], 100) == b"a\x10\x11b"


def test_much_input_waits_for_a_slow_process() -> None:
    loop, stdio, ends = make(stdin=True, stdin_once=True)
    client = attach(stdio, {**BOTH, "stdin": True})
    stdio.begin()
    client.setblocking(False)
    sent = got = 0
    total = 3 << 20
    while got < total:
        if sent < total:
            try:
                sent += client.send(b"i" * min(65536, total - sent))
            except BlockingIOError:
                pass
        else:
            client.shutdown(socket.SHUT_WR) if got == 0 else None
        spin(loop, 0.0005)
        os.set_blocking(ends["stdin"], False)
        try:
            got += len(os.read(ends["stdin"], 1 << 20))
        except BlockingIOError:
            pass
    assert got == total
