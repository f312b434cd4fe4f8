"""A runtime whose commands are processes of this machine: what clients and streams do is real, containers are not."""

import asyncio
import fcntl
import os
import signal
import socket
import struct
import subprocess
import termios
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from wherry.kit.errors import Invalid, Unavailable
from wherry.kube.client.clock import Clock
from wherry.node.pods.fake import FakeRuntime


class LocalStreams:
    """A process's pipes or terminal."""

    def __init__(self, command: Sequence[str], tty: bool, stdin: bool, opened: "list[LocalStreams]") -> None:
        self._command, self._tty, self._stdin = list(command), tty, stdin
        self._opened = opened
        self.process: subprocess.Popen[bytes] | None = None
        self.sizes: list[tuple[int, int]] = []
        self._readers: list[tuple[int, int]] = []
        self._master = -1
        self._writer = -1

    async def __aenter__(self) -> "LocalStreams":
        try:
            if self._tty:
                self._start_on_terminal()
            else:
                self._start_on_pipes()
        except OSError as error:
            raise Invalid(f"exec: {self._command[0]!r}: {error.strerror}") from error
        self._opened.append(self)
        return self

    def _start_on_terminal(self) -> None:
        self._master, slave = os.openpty()

        def own() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            self._command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=own
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self._readers, self._writer = [(1, self._master)], self._master

    def _start_on_pipes(self) -> None:
        stdin = subprocess.PIPE if self._stdin else subprocess.DEVNULL
        self.process = subprocess.Popen(
            self._command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        assert self.process.stdout and self.process.stderr
        self._readers = [(1, self.process.stdout.fileno()), (2, self.process.stderr.fileno())]
        if self.process.stdin is not None:
            self._writer = self.process.stdin.fileno()
        for _, descriptor in [*self._readers, (0, self._writer)]:
            if descriptor >= 0:
                os.set_blocking(descriptor, False)

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(1)

        async def follow(number: int, descriptor: int) -> None:
            while data := await _when_ready(descriptor, False, lambda: os.read(descriptor, 65536)):
                await queue.put((number, data))
            await queue.put((number, b""))

        tasks = [asyncio.create_task(follow(*each)) for each in self._readers]
        left = len(tasks)
        try:
            while left:
                number, data = await queue.get()
                if data:
                    yield number, data
                else:
                    left -= 1
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def write(self, data: bytes) -> None:
        while data and self._writer >= 0:
            rest = data
            written = await _when_ready(self._writer, True, lambda rest=rest: os.write(self._writer, rest))
            if not isinstance(written, int):
                return
            data = data[written:]

    async def close_input(self) -> None:
        if self.process and self.process.stdin and not self._tty:
            self._writer = -1
            self.process.stdin.close()

    async def resize(self, width: int, height: int) -> None:
        self.sizes.append((width, height))
        if self._tty:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    async def exit_code(self) -> int:
        assert self.process is not None
        code = await asyncio.to_thread(self.process.wait)
        return code if code >= 0 else 128 - code

    async def __aexit__(self, *error: object) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        if self._master >= 0:
            os.close(self._master)


async def _when_ready(descriptor: int, writing: bool, act: Callable[[], Any]) -> Any:
    """What ``act`` gives once it need not wait; b"" when the other end has gone."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return act()
        except BlockingIOError:
            ready: asyncio.Future[None] = loop.create_future()
            add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
            add(descriptor, lambda ready=ready: ready.done() or ready.set_result(None))
            try:
                await ready
            finally:
                remove(descriptor)
        except OSError:  # of a terminal whose process has ended
            return b""


class LocalRuntime(FakeRuntime):
    """Commands and attachments are local processes; ports are those of 127.0.0.1. ``opened``: what was begun."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.attached: Sequence[str] = ("cat",)
        """What the main process of every container is, for who attaches to it."""
        self.opened: list[LocalStreams] = []

    def open_exec(self, container: str, command: Sequence[str], tty: bool, stdin: bool) -> Any:
        return LocalStreams(command, tty, stdin, self.opened)

    def open_attach(self, container: str, stdin: bool) -> Any:
        return LocalStreams(self.attached, False, stdin, self.opened)

    async def connect(self, sandbox: str, port: int) -> int:
        sock = socket.socket()
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except OSError as error:
            sock.close()
            raise Unavailable(f"failed to connect to localhost:{port} inside: {error.strerror}") from error
        return sock.detach()
