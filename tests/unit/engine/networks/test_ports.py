"""Choosing and holding ports, with holds that are remembered instead of bound; and real sockets on loopback."""

import errno
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.networks.model import PortBinding, Publication
from wherry.engine.networks.ports import EPHEMERAL, Ports, bind, host_addresses
from wherry.kit.errors import Conflict, Invalid, WherryError


class Machine:
    """Sockets of a machine: what is bound, by protocol, address and port."""

    def __init__(self, *taken: tuple[str, str, int], ipv6: bool = True) -> None:
        self.bound = set(taken)
        self._ipv6 = ipv6

    def hold(self, publication: Publication) -> "Hold | None":
        key = (publication.protocol, publication.host_address, publication.host_port)
        if publication.is_ipv6 and not self._ipv6:
            raise OSError(errno.EADDRNOTAVAIL, "no IPv6")
        if publication.host_address == "203.0.113.9":
            raise OSError(errno.EADDRNOTAVAIL, "not ours")
        if any(clash(key, other) for other in self.bound):
            raise OSError(errno.EADDRINUSE, "taken")
        self.bound.add(key)
        return Hold(self, key)


def clash(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    same_family = (":" in one[1]) == (":" in other[1])
    wild = one[1] in ("0.0.0.0", "::") or other[1] in ("0.0.0.0", "::")
    return one[0] == other[0] and one[2] == other[2] and same_family and (wild or one[1] == other[1])


class Hold:
    def __init__(self, machine: Machine, key: tuple[str, str, int]) -> None:
        self._machine, self._key = machine, key

    def close(self) -> None:
        self._machine.bound.remove(self._key)


def claim(machine: Machine, *bindings: PortBinding) -> list[tuple[str, int]]:
    return [(one.host_address, one.host_port) for one in Ports(machine.hold).claim("10.0.0.2", bindings)]


def test_every_address_means_both_families() -> None:
    assert claim(Machine(), PortBinding(80, host_port=8080)) == [("0.0.0.0", 8080), ("::", 8080)]


def test_a_machine_without_ipv6_publishes_ipv4_alone() -> None:
    assert claim(Machine(ipv6=False), PortBinding(80, host_port=8080)) == [("0.0.0.0", 8080)]


def test_each_family_may_lead_to_the_containers_own_address_of_it() -> None:
    def leads(address6: str, **binding: Any) -> list[tuple[str, str]]:
        found = Ports(Machine().hold).claim("10.0.0.2", [PortBinding(80, host_port=8080, **binding)], address6)
        return [(each.host_address, each.address) for each in found]

    assert leads("fd00::2", keeps_family=True) == [("0.0.0.0", "10.0.0.2"), ("::", "fd00::2")]
    assert leads("fd00::2") == leads("", keeps_family=True) == [("0.0.0.0", "10.0.0.2"), ("::", "10.0.0.2")]


def test_an_address_means_only_itself() -> None:
    assert claim(Machine(), PortBinding(80, host_address="127.0.0.1", host_port=8080)) == [("127.0.0.1", 8080)]


def test_ephemeral_ports_begin_where_dockers_do_and_skip_what_is_taken() -> None:
    machine = Machine(("tcp", "0.0.0.0", 32768), ("tcp", "::", 32769))
    assert claim(machine, PortBinding(80), PortBinding(81)) == [
        ("0.0.0.0", 32770),
        ("::", 32770),
        ("0.0.0.0", 32771),
        ("::", 32771),
    ]


def test_a_range_gives_its_first_free_port() -> None:
    machine = Machine(("tcp", "0.0.0.0", 9000))
    assert claim(machine, PortBinding(80, host_port=9000, host_port_end=9002))[0] == ("0.0.0.0", 9001)


def test_a_port_of_another_container_is_refused_in_dockers_words() -> None:
    ports = Ports(Machine().hold)
    ports.claim("10.0.0.2", [PortBinding(80, host_port=8080)])
    with pytest.raises(Conflict, match=r"^Bind for 0\.0\.0\.0:8080 failed: port is already allocated$"):
        ports.claim("10.0.0.3", [PortBinding(80, host_port=8080)])


def test_a_port_of_another_program_is_refused_and_says_so() -> None:
    message = r"^failed to bind host port for 127\.0\.0\.1:8080:10\.0\.0\.2:80/tcp: address already in use$"
    with pytest.raises(Conflict, match=message):
        claim(Machine(("tcp", "127.0.0.1", 8080)), PortBinding(80, host_address="127.0.0.1", host_port=8080))


def test_an_address_that_is_not_the_machines_is_invalid() -> None:
    with pytest.raises(Invalid, match="cannot assign requested address"):
        claim(Machine(), PortBinding(80, host_address="203.0.113.9", host_port=8080))


def test_what_is_no_address_is_invalid() -> None:
    with pytest.raises(Invalid, match="invalid IP address: localhost"):
        host_addresses(PortBinding(80, host_address="localhost"))


def test_the_same_port_of_another_protocol_is_free() -> None:
    assert len(claim(Machine(), PortBinding(53, host_port=53), PortBinding(53, "udp", host_port=53))) == 4


def test_a_machine_without_the_protocol_publishes_what_it_can() -> None:
    assert [one.host_address for one in Ports(lambda _: None).claim("10.0.0.2", [PortBinding(80, "sctp")])] == [
        "0.0.0.0"
    ]


def test_what_cannot_be_held_again_is_told() -> None:
    one, other = (Publication("tcp", "0.0.0.0", port, "10.0.0.2", 80) for port in (1, 2))
    ports = Ports(Machine(("tcp", "0.0.0.0", 2)).hold)
    assert ports.reclaim([one, other]) == [other]
    assert ports.reclaim([one]) == []


BINDINGS = st.builds(
    lambda port, protocol, address, host, more: PortBinding(port, protocol, address, host, host + more if more else 0),
    st.integers(1, 65535),
    st.sampled_from(["tcp", "udp"]),
    st.sampled_from(["", "0.0.0.0", "::", "127.0.0.1", "::1"]),
    st.sampled_from([0, 80, 81, 32768]),
    st.integers(0, 2),
)


@given(st.lists(BINDINGS, max_size=6), st.sets(st.tuples(st.just("tcp"), st.just("0.0.0.0"), st.integers(80, 83))))
def test_all_or_none_and_release_gives_everything_back(
    bindings: list[PortBinding], taken: set[tuple[str, str, int]]
) -> None:
    machine = Machine(*taken)
    ports = Ports(machine.hold)
    try:
        claimed = ports.claim("10.0.0.2", bindings)
    except WherryError:
        claimed = []
    assert machine.bound - taken == {(one.protocol, one.host_address, one.host_port) for one in claimed}
    assert all(one.host_port in EPHEMERAL or 80 <= one.host_port <= 83 for one in claimed)
    ports.release(claimed)
    ports.release(claimed)
    assert machine.bound == taken


def test_a_bound_port_is_closed_to_other_programs() -> None:
    held = bind(Publication("tcp", "127.0.0.1", 0, "10.0.0.2", 80))
    assert held is not None
    with held, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="Address already in use"):
            other.bind(held.getsockname())


def test_udp_is_exclusive_too() -> None:
    held = bind(Publication("udp", "127.0.0.1", 0, "10.0.0.2", 80))
    assert held is not None
    with held, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="Address already in use"):
            other.bind(held.getsockname())
