"""kubectl on a terminal."""

import contextlib
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time

from tests.conformance.kube.whole import Commands


class Terminal:
    """kubectl on a terminal of its own."""

    def __init__(self, kubectl: Commands, *arguments: str, size: tuple[int, int] = (24, 80)) -> None:
        self._master, slave = os.openpty()
        self.resize(*size)

        command = ["setsid", "--ctty", kubectl.program, *arguments]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=kubectl.environment)
        os.close(slave)
        self.said = ""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def say(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, pattern: str, seconds: float = 120.0) -> str:
        """What is shown, once the pattern is in it; the next time it is shown from there on."""
        end = time.monotonic() + seconds
        while (found := re.search(pattern, self.said)) is None:
            assert time.monotonic() < end, f"{pattern!r} is never shown, but: {self.said!r}"
            if select.select([self._master], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):  # of a terminal that nobody has open any more
                    self.said += os.read(self._master, 65536).decode(errors="replace")
        shown, self.said = self.said[: found.end()], self.said[found.end() :]
        return shown

    def close(self) -> int:
        code = self.process.wait(120)
        os.close(self._master)
        return code
