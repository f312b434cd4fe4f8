"""Instances that start or end at the same moment take turns: each chooses a range that no other one has.

What an instance sees of another are its routes. Between looking and having a route of its own, nobody else may look.
"""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)
# An abstract name (unix(7)) belongs to a network namespace, as do routes and rules; it goes with its process.
NAME = "\0wherry-networks"
_PATIENCE_SECONDS = 5.0


@contextmanager
def turn(name: str = NAME, patience_seconds: float = _PATIENCE_SECONDS) -> Iterator[bool]:
    """Be the only one inside on this machine; whether we are. Anybody may take the name, so nobody waits for ever.

    Blocks the thread; a turn is some milliseconds long.
    """
    deadline = time.monotonic() + patience_seconds
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held:
        while not (taken := _take(held, name)) and time.monotonic() < deadline:
            time.sleep(0.002)
        if not taken:
            _log.warning("somebody holds %r: going on without a turn of our own", name)
        yield taken


def _take(held: socket.socket, name: str) -> bool:
    try:
        held.bind(name)
    except OSError:
        return False
    return True
