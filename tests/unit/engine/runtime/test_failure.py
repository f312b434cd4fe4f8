"""Whatever fails in a container's init reaches the client as a step, a message, an errno and a path."""

import errno
import json

import pytest

from wherry.engine.runtime.failure import Failure, to_message
from wherry.linux.errors import KernelError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            Failure("find user", "unable to find user bob"),
            {"step": "find user", "message": "unable to find user bob", "errno": 0, "path": ""},
        ),
        (
            KernelError(errno.EBUSY, "mount", "/proc"),
            {"step": "mount", "message": "mount /proc: Device or resource busy", "errno": errno.EBUSY, "path": "/proc"},
        ),
        (
            KernelError(errno.EPERM, "leave"),
            {"step": "leave", "message": "leave: Operation not permitted", "errno": 1, "path": ""},
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"),
            {"step": "open", "message": "open /x: No such file or directory", "errno": errno.ENOENT, "path": "/x"},
        ),
        (OSError("odd"), {"step": "open", "message": "open: odd", "errno": 0, "path": ""}),
        (KeyError("args"), {"step": "open", "message": "open: KeyError: 'args'", "errno": 0, "path": ""}),
        (SystemExit(3), {"step": "open", "message": "open: SystemExit: 3", "errno": 0, "path": ""}),
    ],
)
def test_an_error_says_what_was_being_done(error: BaseException, expected: dict[str, object]) -> None:
    message = to_message(error, "open")
    assert message == expected
    assert json.loads(json.dumps(message)) == message


def test_a_path_may_be_bytes() -> None:
    assert to_message(FileNotFoundError(2, "No such file", b"/x"), "open")["path"] == "b'/x'"
