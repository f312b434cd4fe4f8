"""The docker CLI as a test uses it: commands, background commands, and commands in a terminal."""

import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tarfile
import termios
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.kernel.rig import busybox_tar

Completed = subprocess.CompletedProcess[str]
PROMPT = r"# (\x1b\[6n)?$"  # busybox's shell asks the terminal where the cursor is


def page(port: int) -> bytes:
    """What who listens at a published port shows; nothing as long as nobody does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


class Docker:
    """``docker("run", …)`` runs the CLI against one socket."""

    def __init__(self, socket: Path, config: Path) -> None:
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{socket}", "DOCKER_CONFIG": str(config)}
        self.environment.pop("DOCKER_API_VERSION", None)

    def __call__(
        self,
        *arguments: str,
        stdin: str | None = None,
        check: bool = True,
        timeout: float = 120,
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command to its end; with ``check`` it must succeed."""
        done = subprocess.run(
            ["docker", *arguments],
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**self.environment, **(environment or {})},
        )
        assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def out(self, *arguments: str, stdin: str | None = None) -> str:
        """Standard output of a command that must succeed, without the last line's end."""
        return self(*arguments, stdin=stdin).stdout.rstrip("\n")

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Output of ``docker run --rm --network none …``."""
        return self.out("run", "--rm", "--network", "none", *arguments, stdin=stdin)

    def start(self, *arguments: str) -> "Process":
        """A command that goes on beside the test."""
        return Process(["docker", *arguments], self.environment)

    def shell(self, script: str, check: bool = True, timeout: float = 120) -> Completed:
        """A shell script with DOCKER_HOST set: a command line as the user types it."""
        done = subprocess.run(
            ["sh", "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=self.environment,
        )
        assert not check or done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done

    def terminal(self, *arguments: str, rows: int = 24, columns: int = 80) -> "Terminal":
        """A command in a terminal of its own."""
        return Terminal(["docker", *arguments], self.environment, rows, columns)

    def import_demo(self, rootfs: Path) -> str:
        """``tar -C rootfs -c . | docker import - demo:1``, of busybox."""
        rootfs.mkdir()
        with tarfile.open(fileobj=io.BytesIO(busybox_tar())) as tar:
            subprocess.run(
                ["tar", "-C", str(rootfs), "-x"],
                input=tar.fileobj.getvalue(),
                check=True,  # type: ignore[union-attr]
            )
        return self.shell(f"tar -C {rootfs} -c . | docker import - demo:1").stdout.strip()


class Process:
    """A running command whose output is read as it comes."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
        )
        self.output = ""

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def expect(self, pattern: str, seconds: float = 120) -> str:
        """Read until the output has ``pattern``; the output so far."""
        assert self._process.stdout is not None
        self.output = _read_until(self._process.stdout.fileno(), self.output, pattern, seconds)
        return self.output

    def send(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def end_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.stdin = None  # else communicate() flushes it

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 120) -> int:
        """Read to the end; the exit status."""
        assert self._process.stdout is not None
        self.output += self._process.stdout.read().decode(errors="replace")
        return self._process.wait(seconds)


class Terminal:
    """A command whose standard streams are a pseudo-terminal, as if a person had typed it."""

    def __init__(self, command: list[str], environment: Mapping[str, str], rows: int, columns: int) -> None:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.execvpe(command[0], command, {**environment, "TERM": "xterm"})
            finally:
                os._exit(127)
        self.output = ""
        self._status: int | None = None

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)

    def resize(self, rows: int, columns: int) -> None:
        """The window changes its size; the kernel sends SIGWINCH to the command."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def until_sized(self, size: str) -> None:
        """Ask the shell in it until it has this size, as ``stty size`` says it: the client tells it beside the rest."""
        deadline = time.monotonic() + 120
        while True:
            self.type("stty size\r")
            if size in (seen := self.expect(r"\d+ \d+\r")):
                return
            assert time.monotonic() < deadline, f"never {size}, but {seen!r}"

    def expect(self, pattern: str, seconds: float = 120) -> str:
        """Read until what came since the last call has ``pattern``; that part, which is then forgotten."""
        self.output = _read_until(self._fd, self.output, pattern, seconds)
        match = re.search(pattern, self.output, re.MULTILINE)
        assert match is not None
        seen, self.output = self.output[: match.end()], self.output[match.end() :]
        return seen

    def wait(self, seconds: float = 120) -> int:
        """Read until the command has ended; its exit status."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self._fd], [], [], 0.02)[0]:
                try:
                    self.output += os.read(self._fd, 65536).decode(errors="replace")
                except OSError:
                    pass  # EIO: the other side of the terminal is closed
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
                return self._status
        raise AssertionError(f"still running after {seconds} s: {self.output!r}")


def _read_until(fd: int, text: str, pattern: str, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while not re.search(pattern, text, re.MULTILINE):
        left = deadline - time.monotonic()
        if left <= 0:
            raise AssertionError(f"no {pattern!r} within {seconds} s in {text!r}")
        if select.select([fd], [], [], left)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"no {pattern!r} until the end in {text!r}")
            text += data.decode(errors="replace")
    return text
