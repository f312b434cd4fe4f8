"""What the kernel refused: errno, the step, the path."""

import os


class KernelError(OSError):
    """A refused system call.

    ``step`` says in plain words what was being done ("mount overlay"), ``filename`` on what.
    """

    def __init__(self, errno: int, step: str, path: str | None = None) -> None:
        super().__init__(errno, os.strerror(errno), path)
        self.step = step

    def __str__(self) -> str:
        where = f" {self.filename}" if self.filename is not None else ""
        return f"{self.step}{where}: {self.strerror}"
