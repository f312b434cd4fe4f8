"""A failed start, as it travels from a container's init to the client: step, errno, path, message."""

from wherry.engine.runtime.wire import Message
from wherry.linux.errors import KernelError


class Failure(Exception):
    """A step of a start that failed. ``message`` is complete; ``errno`` is 0 where the kernel was not asked."""

    def __init__(self, step: str, message: str, errno: int = 0, path: str = "") -> None:
        super().__init__(message)
        self.step = step
        self.message = message
        self.errno = errno
        self.path = path


def to_message(error: BaseException, step: str) -> Message:
    """``step`` is what was being done when an error that says nothing itself came up."""
    if isinstance(error, Failure):
        return {"step": error.step, "message": error.message, "errno": error.errno, "path": error.path}
    if isinstance(error, KernelError):
        path = error.filename or ""
        return {"step": error.step, "message": str(error), "errno": error.errno or 0, "path": str(path)}
    if isinstance(error, OSError):
        path = str(error.filename or "")
        text = f"{step}{' ' + path if path else ''}: {error.strerror or error}"
        return {"step": step, "message": text, "errno": error.errno or 0, "path": path}
    return {"step": step, "message": f"{step}: {type(error).__name__}: {error}", "errno": 0, "path": ""}
