"""Settings below /proc/sys/net of the calling thread's network namespace (sysctl(8))."""

from wherry.linux.errors import KernelError


def write_net(name: str, value: str) -> None:
    """Set ``net.<name>``, with ``/`` between the parts because link names may hold dots. Writes only a change.

    Raises KernelError; a setting that does not exist is ENOENT (IPv6 may be absent).
    """
    path = f"/proc/sys/net/{name}"
    try:
        with open(path, "r+") as file:
            if file.read().strip() != value:
                file.seek(0)
                file.write(value)
    except OSError as error:
        raise KernelError(error.errno or 0, f"set to {value}", path) from error


def read_net(name: str) -> str | None:
    """The value of ``net.<name>``; None where the kernel has no such setting."""
    try:
        with open(f"/proc/sys/net/{name}") as file:
            return file.read().strip()
    except FileNotFoundError:
        return None
