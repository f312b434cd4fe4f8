"""A process's standard streams in the shim: to the log and to clients, from a client to the process.

Output waits when a client does not read (its share is bounded), input waits when the process does not read: nothing is
buffered without limit (CVE-2022-23471).
"""

import errno
import fcntl
import os
import socket
import stat
import struct
import termios
from collections.abc import Callable

from wherry.engine.runtime.logfile import LogWriter
from wherry.engine.runtime.loop import GONE, READ, WRITE, Loop

_CHUNK = 65536
_CLIENT_BYTES = 1 << 20
_STREAM_NUMBERS = {"stdout": 1, "stderr": 2}


class Client:
    """An attached stream socket."""

    def __init__(self, owner: "Stdio", sock: socket.socket, wants: dict[str, bool], detach_keys: bytes) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.wants = wants
        self.pending: list[bytes] = []
        self.pending_bytes = 0
        self.reading = wants["stdin"]
        self.finishing = False
        self.framed: bool | None = None
        self._owner = owner
        self._detach_keys = detach_keys
        self._matched = 0

    @property
    def full(self) -> bool:
        return self.pending_bytes > _CLIENT_BYTES

    def send(self, data: bytes) -> None:
        if not self.pending:
            try:
                sent = self.sock.send(data, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._owner.drop(self)
                return
            data = data[sent:]
        if data:
            self.pending.append(data)
            self.pending_bytes += len(data)
            self._owner.watch_client(self)

    def flush(self) -> None:
        """Send what is pending, as far as the socket takes it."""
        while self.pending:
            try:
                sent = self.sock.send(self.pending[0], socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return
            except OSError:
                self._owner.drop(self)
                return
            self.pending_bytes -= sent
            if sent == len(self.pending[0]):
                self.pending.pop(0)
            else:
                self.pending[0] = self.pending[0][sent:]

    def scan(self, data: bytes) -> tuple[bytes, bool]:
        """Look for the detach keys: (what goes to the process, whether they were all typed)."""
        keys = self._detach_keys
        if not keys:
            return data, False
        passed = bytearray()
        for byte in data:
            if byte == keys[self._matched]:
                self._matched += 1
                if self._matched == len(keys):
                    return bytes(passed), True
                continue
            passed += keys[: self._matched]
            self._matched = 1 if byte == keys[0] else 0
            if not self._matched:
                passed.append(byte)
        return bytes(passed), False


class Stdio:
    """Our ends of a process's streams: a terminal's master, or pipes."""

    def __init__(
        self, loop: Loop, stdin_once: bool, on_detach: Callable[[], None], log: LogWriter | None = None
    ) -> None:
        self._loop = loop
        self.log = log
        self._stdin_once = stdin_once
        self._on_detach = on_detach
        self.terminal = False
        self._begun = False
        self._outputs: dict[str, int] = {}
        self._stdin: int | None = None
        self._input = b""
        self._input_ended = False
        self._clients: list[Client] = []
        self._paused = False

    def open_pipes(self, owner: int, stdin: bool, outputs: bool = True) -> dict[str, int]:
        """Make pipes that belong to uid and gid ``owner``.

        Return the process's ends (/dev/null where there is none).
        """
        theirs: dict[str, int] = {}
        if stdin:
            read, write = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(write, False)
            self._stdin = write
            theirs["stdin"] = read
        else:
            theirs["stdin"] = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        for name in ("stdout", "stderr"):
            if not outputs:
                theirs[name] = os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC)
                continue
            read, write = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(read, False)
            self._outputs[name] = read
            theirs[name] = write
        for fd in theirs.values():
            if owner and stat.S_ISFIFO(os.fstat(fd).st_mode):  # /dev/null stays whose it is
                os.fchown(fd, owner, owner)
        return theirs

    def use_terminal(self, master: int) -> None:
        os.set_blocking(master, False)
        self.terminal = True
        self._outputs["stdout"] = master
        self._stdin = master

    def begin(self) -> None:
        """Start to move data: call once the process's ends are its own."""
        self._begun = True
        for name, fd in self._outputs.items():
            self._watch_output(name, fd)
        self._feed(b"")

    def resize(self, height: int, width: int) -> None:
        if self.terminal and self._stdin is not None:
            fcntl.ioctl(self._stdin, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    # Output

    def _watch_output(self, name: str, fd: int) -> None:
        events = 0 if self._paused else READ
        if fd == self._stdin and self._input:
            events |= WRITE
        if not events:
            self._loop.forget(fd)  # a hang-up would be told over and over
            return
        self._loop.watch(fd, events, lambda happened: self._output_ready(name, fd, happened))

    def _output_ready(self, name: str, fd: int, events: int) -> None:
        if events & WRITE and fd == self._stdin:
            self._feed(b"")
        if events & (READ | GONE) and not self._paused:
            self._pump(name, fd)

    def _pump(self, name: str, fd: int) -> bool:
        """Move one chunk; False when there is none now, or never again."""
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the last user of the terminal is gone
            chunk = b""
        if not chunk:
            self._end_output(name)
            return False
        if self.log:
            self.log.write(name, chunk)
        self._broadcast(name, chunk)
        return True

    def _broadcast(self, name: str, chunk: bytes) -> None:
        if not self._clients:
            return
        framed = struct.pack(">BxxxI", _STREAM_NUMBERS[name], len(chunk)) + chunk
        for client in list(self._clients):
            if client.wants[name]:
                is_framed = not self.terminal if client.framed is None else client.framed
                client.send(framed if is_framed else chunk)
        self._pause(any(client.full for client in self._clients))

    def _pause(self, paused: bool) -> None:
        if paused == self._paused:
            return
        self._paused = paused
        for name, fd in list(self._outputs.items()):
            self._watch_output(name, fd)

    def _end_output(self, name: str) -> None:
        fd = self._outputs.pop(name, None)
        if fd is None:
            return
        if self.log:
            self.log.finish(name)
        self._loop.forget(fd)
        if fd == self._stdin:
            self._stdin = None
        os.close(fd)

    def drain(self) -> None:
        """The process is gone: take what it left in its streams, then close them and let the clients finish."""
        for name, fd in list(self._outputs.items()):
            while self._pump(name, fd):
                pass
            self._end_output(name)
        self._close_stdin()
        for client in list(self._clients):
            client.finishing = True
            self._finish(client)

    @property
    def busy(self) -> bool:
        """Whether a client has still to be sent something."""
        return bool(self._clients)

    # Clients and input

    def attach(
        self,
        sock: socket.socket,
        wants: dict[str, bool],
        detach_keys: bytes,
        early: bytes,
        framed: bool | None = None,
    ) -> None:
        """``framed`` None: when there is no terminal."""
        client = Client(self, sock, wants, detach_keys if wants["stdin"] else b"")
        client.framed = framed
        self._clients.append(client)
        self.watch_client(client)
        if early and wants["stdin"]:
            self._typed(client, early)

    def watch_client(self, client: Client) -> None:
        if client not in self._clients:
            return
        events = WRITE if client.pending else 0
        if client.reading and not self._input:
            events |= READ
        self._loop.watch(client.sock.fileno(), events, lambda happened: self._client_ready(client, happened))

    def _client_ready(self, client: Client, events: int) -> None:
        if events & WRITE:
            client.flush()
        if client not in self._clients:
            return
        if events & READ and client.reading and not self._input:
            self._receive(client)
        elif events & GONE:
            self.drop(client)
        if client in self._clients:
            if client.finishing:
                self._finish(client)
            else:
                self.watch_client(client)
        self._pause(any(other.full for other in self._clients))

    def _receive(self, client: Client) -> None:
        try:
            data = client.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self.drop(client)
            return
        if data:
            self._typed(client, data)
            return
        client.reading = False
        if self._stdin_once and not self.terminal:  # the process sees the end; output goes on
            self._input_ended = True
            self._feed(b"")
        else:  # others may have more input: this client has seen enough (moby, container/stream/attach.go)
            client.finishing = True

    def _typed(self, client: Client, data: bytes) -> None:
        detached = False
        if self.terminal:  # without one, any bytes may come: they are data (as in Docker)
            data, detached = client.scan(data)
        self._feed(data)
        if detached:
            self.drop(client)
            self._on_detach()

    def _feed(self, data: bytes) -> None:
        """Give input to the process; what it does not take yet stops the clients from being read."""
        self._input += data
        if not self._begun:
            return
        if self._stdin is None:
            self._input = b""
            return
        while self._input:
            try:
                self._input = self._input[os.write(self._stdin, self._input) :]
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.EIO):
                    raise
                self._input = b""
                self._close_stdin()
                return
        self._watch_stdin()

    def _watch_stdin(self) -> None:
        fd = self._stdin
        if fd is None:
            return
        if self.terminal:
            self._watch_output("stdout", fd)
        elif self._input:
            self._loop.watch(fd, WRITE, lambda _events: self._feed(b""))
        else:
            self._loop.forget(fd)
            if self._input_ended:
                self._close_stdin()
        if not self._input:
            for client in self._clients:
                self.watch_client(client)

    def _close_stdin(self) -> None:
        fd, self._stdin = self._stdin, None
        if fd is not None and not self.terminal:
            self._loop.forget(fd)
            os.close(fd)

    def _finish(self, client: Client) -> None:
        """Close a client once all is sent."""
        client.reading = False
        if client.pending:
            self.watch_client(client)
        else:
            self.drop(client)

    def drop(self, client: Client) -> None:
        if client not in self._clients:
            return
        self._clients.remove(client)
        self._loop.forget(client.sock.fileno())
        try:
            client.sock.shutdown(socket.SHUT_RDWR)  # the daemon may hold a duplicate: closing alone would not end it
        except OSError:
            pass
        client.sock.close()
        self._pause(any(other.full for other in self._clients))

    def drop_all(self) -> None:
        for client in list(self._clients):
            self.drop(client)
