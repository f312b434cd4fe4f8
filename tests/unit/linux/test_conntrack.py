"""Connections of a network namespace that nobody else sees."""

import socket

from tests.unit.linux.apart import apart
from wherry.linux.conntrack import Conntrack, Flow
from wherry.linux.nftables import Nftables
from wherry.linux.processes import loopback_up

TRACKED = """
add table ip own
add chain ip own out { type nat hook output priority -100; }
add rule ip own out ip daddr 127.0.0.9 udp dport 53 dnat to 127.0.0.1:5353
"""


def found(conntrack: Conntrack, port: int) -> list[Flow]:
    return [flow for flow in conntrack.flows() if flow.port == port]


@apart
def test_a_redirected_connection_is_told_and_forgotten() -> None:
    loopback_up()
    with Nftables() as nftables:
        nftables.run(TRACKED, step="redirect")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here, Conntrack() as conntrack:
        here.bind(("127.0.0.1", 0))
        here.sendto(b"x", ("127.0.0.9", 53))
        (flow,) = found(conntrack, 53)
        assert (flow.source, flow.destination, flow.answering) == ("127.0.0.1", "127.0.0.9", "127.0.0.1")
        assert flow.answering_port == 5353
        for _ in range(2):
            conntrack.forget(flow)
        assert found(conntrack, 53) == []


@apart
def test_connections_of_both_families_and_of_one_protocol_are_told() -> None:
    loopback_up()
    with Nftables() as nftables:
        nftables.run(
            "add table inet own\nadd chain inet own in { type filter hook input priority 0; }\n"
            "add rule inet own in ct state new accept\n",
            step="track",
        )
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six, socket.socket(socket.AF_INET) as tcp:
        six.sendto(b"x", ("::1", 7777))
        tcp.connect_ex(("127.0.0.1", 7778))
        with Conntrack() as conntrack:
            assert [flow.destination for flow in found(conntrack, 7777)] == ["::1"]
            assert found(conntrack, 7778) == []
