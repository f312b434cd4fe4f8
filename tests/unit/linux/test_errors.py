"""What the kernel refused, in words."""

import errno

from wherry.linux.errors import KernelError


def test_an_error_says_what_was_done_to_what_and_why_not() -> None:
    assert str(KernelError(errno.EBUSY, "unmount", "/mnt")) == "unmount /mnt: Device or resource busy"
    assert str(KernelError(errno.EPERM, "leave namespaces")) == "leave namespaces: Operation not permitted"


def test_an_error_is_an_oserror_with_its_errno() -> None:
    error = KernelError(errno.ENOENT, "open namespace", "/proc/1/ns/x")
    assert isinstance(error, OSError)
    assert (error.errno, error.strerror, error.filename) == (errno.ENOENT, "No such file or directory", "/proc/1/ns/x")
    assert error.step == "open namespace"


def test_an_empty_path_is_shown_as_one_and_no_path_as_none() -> None:
    assert str(KernelError(errno.EINVAL, "copy mount", "")) == "copy mount : Invalid argument"
    assert KernelError(errno.EINVAL, "copy mount").filename is None
