"""Ports of this machine for tests to serve at."""

import random
import socket
from pathlib import Path

_LOWEST, _HIGHEST = 10_000, 30_000  # from there on are the node ports of clusters


def quiet_port(count: int = 1) -> int:
    """The first of so many ports in a row that nobody has, and that no connection is given meanwhile, as one that the
    kernel chooses may be: they are outside of ip_local_port_range (ip(7))."""
    first, last = (int(word) for word in Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    outside = [port for port in range(_LOWEST, _HIGHEST) if port + count <= first or port > last]
    for port in random.sample(outside or range(_LOWEST, _HIGHEST), 100):
        if all(_is_free(each) for each in range(port, port + count)):
            return port
    raise AssertionError("no port is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
