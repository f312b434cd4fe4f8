import socket

from wherry.engine.networks.flows import of_udp, stale
from wherry.engine.networks.model import Publication
from wherry.linux.conntrack import Flow

UDP = Publication("udp", "0.0.0.0", 8125, "172.17.0.2", 125)
ONE = Publication("udp", "127.0.0.1", 53, "172.17.0.3", 53)
SIX = Publication("udp", "::", 8125, "172.17.0.2", 125)
TCP = Publication("tcp", "0.0.0.0", 80, "172.17.0.2", 80)
OWN = ["10.0.0.1", "127.0.0.1"]


def flow(destination: str, port: int, answering: str = "", answering_port: int = 0) -> Flow:
    """Without ``answering`` it was led nowhere else."""
    there = answering or destination
    return Flow(socket.IPPROTO_UDP, "10.0.0.9", destination, port, there, answering_port or port, b"")


LED = Publication("udp", "::", 8125, "fd00::2", 125)


def test_what_is_relayed_is_not_led_by_the_kernel() -> None:
    assert of_udp([UDP, ONE, SIX, LED, TCP]) == [UDP, ONE, LED]


def test_those_to_the_container_and_those_that_met_nobody_are_stale() -> None:
    is_stale = stale([UDP, ONE, SIX, TCP], OWN)
    assert is_stale(flow("10.0.0.1", 8125, "172.17.0.2", 125))
    assert is_stale(flow("10.0.0.1", 8125))
    assert is_stale(flow("127.0.0.1", 53))


def test_those_by_ipv6_are_stale_as_well() -> None:
    is_stale = stale([LED], [*OWN, "2001:db8::1"])
    assert is_stale(flow("2001:db8::1", 8125, "fd00::2", 125)) and is_stale(flow("2001:db8::1", 8125))
    assert not is_stale(flow("2001:db8::7", 8125))


def test_those_of_others_are_not() -> None:
    is_stale = stale([UDP, ONE], OWN)
    assert not is_stale(flow("10.0.0.1", 8125, "172.17.0.2", 126)), "another port of the container"
    assert not is_stale(flow("10.0.0.1", 8126, "172.17.0.2", 125)), "another port of the machine"
    assert not is_stale(flow("192.0.2.7", 8125)), "another machine's"
    assert not is_stale(flow("10.0.0.1", 53)), "published at another address"
