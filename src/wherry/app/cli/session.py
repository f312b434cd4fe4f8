"""A user connected to a container from its start to its end."""

import signal
import sys

from wherry.app.cli.errors import NOT_STARTED
from wherry.app.cli.interaction import Detached, Streams
from wherry.app.cli.printing import say
from wherry.app.client import ApiError, Client, Response


def follow(
    daemon: Client,
    identity: str,
    attachment: Response,
    waiting: Response,
    *,
    tty: bool,
    stdin: bool,
    keys: bytes,
    sig_proxy: bool,
) -> int:
    """Connect the user to a started container; its exit status, or 0 after the detach keys."""

    def resize(rows: int, columns: int) -> None:
        quietly(daemon, f"/containers/{identity}/resize", {"h": rows, "w": columns})

    def forward(number: int) -> None:
        quietly(daemon, f"/containers/{identity}/kill", {"signal": signal.Signals(number).name})

    streams = Streams(
        attachment,
        tty,
        sys.stdin.fileno() if stdin else None,
        keys,
        resize if tty else None,
        forward if sig_proxy else None,
    )
    try:
        streams.run()
    except Detached:
        return 0
    result = waiting.json()
    if result.get("Error"):
        say(f"Error waiting for container: {result['Error']['Message']}", err=True)
        return NOT_STARTED
    return int(result["StatusCode"])


def quietly(daemon: Client, path: str, query: dict[str, object]) -> None:
    """A request whose failure changes nothing: the container may just have ended."""
    try:
        daemon.post(path, query)
    except (ApiError, ConnectionError):
        pass
