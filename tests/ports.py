"""Ports of this machine for servers that a test starts."""

import random
import socket

_FIRST, _LAST = 10_000, 30_000


def quiet_port() -> int:
    """A TCP port that nobody has now, and that is given to nobody who asks for any: those are above 32767 (ip(7),
    ip_local_port_range). Other tests run beside this one, so it is one of many by chance."""
    while True:
        port = random.SystemRandom().randint(_FIRST, _LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
        return port
