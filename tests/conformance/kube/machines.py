"""A machine of one's own for a cluster, and another one beside it: two network namespaces with a cable between.

What is run by the thread that has entered the machine (:meth:`Machine.entered`) is on it: ``wherry up``, kubectl and
whatever they start. The machine's way to everywhere is its neighbour, who knows no way back but to the machine.
"""

import http.client
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.kernel.netlab import Place
from tests.unit.linux.apart import new_netns
from wherry.linux.links import Links
from wherry.linux.netlink import inside
from wherry.linux.sysctl import read_net

HERE, THERE = "198.51.100.1", "198.51.100.2"
HERE6, THERE6 = "2001:db8:51::1", "2001:db8:51::2"
_SETTINGS = (
    "ipv4/ip_forward",
    *(f"ipv6/conf/{link}/{name}" for link in ("all", "default", "outer") for name in ("forwarding", "accept_ra")),
)


@dataclass(frozen=True)
class Machine:
    """``neighbour`` serves at port 8080, and can ask."""

    netns: int
    neighbour: Place

    @contextmanager
    def entered(self) -> Iterator[None]:
        with inside(self.netns):
            yield

    @property
    def place(self) -> Place:
        return Place("machine", HERE, self.netns)

    def links(self) -> set[str]:
        with Links(self.netns) as links:
            return {link.name for link in links.all()}

    def settings(self) -> dict[str, str | None]:
        """What of the machine is nobody's but its owner's."""
        with inside(self.netns):
            return {name: read_net(name) for name in _SETTINGS}

    def neighbour_route(self, network: str) -> None:
        """The neighbour sends what is for this network to the machine. Idempotent."""
        assert self.neighbour.netns is not None
        with inside(self.neighbour.netns):
            _ip(f"route replace {network} via {HERE6 if ':' in network else HERE}")

    def said(self, *command: str) -> str:
        with inside(self.netns):
            return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


@contextmanager
def machine() -> Iterator[Machine]:
    """Both go when nobody is in them any more."""
    here, there = new_netns(), new_netns()
    neighbour = Place("neighbour", THERE, there, address6=THERE6)
    try:
        _connect(here, there)
        neighbour.serve(8080).serve(8080, "::")
        yield Machine(here, neighbour)
    finally:
        neighbour.stop()
        for each in (here, there):
            os.close(each)


def _connect(here: int, there: int) -> None:
    name = f"/proc/{os.getpid()}/fd/{there}"
    with inside(here):
        _ip(f"link add outer type veth peer name outer netns {name}")
    for netns, four, six, way4, way6 in ((here, HERE, HERE6, THERE, THERE6), (there, THERE, THERE6, "", "")):
        with inside(netns):
            for command in ("link set lo up", f"addr add {four}/24 dev outer", f"addr add {six}/64 dev outer nodad"):
                _ip(command)
            _ip("link set outer up")
            if way4:
                _ip(f"route add default via {way4}")
                _ip(f"route add default via {way6}")


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, timeout=120)


def fetched(place: Place, address: str, port: int, path: str, seconds: float = 5.0) -> str:
    """A page, as it is seen from there. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = place.made(socket.SOCK_STREAM, family)
    made.settimeout(seconds)
    connection = http.client.HTTPConnection(address, port)
    with made:
        made.connect((address, port))
        connection.sock = made
        connection.request("GET", path)
        return connection.getresponse().read().decode()
