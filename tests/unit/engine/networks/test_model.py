"""Published ports as words and as bindings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.networks.model import PortBinding, Publication

addresses = st.ip_addresses().map(str)
ports = st.integers(1, 65535)


@pytest.mark.parametrize(
    ("address", "host", "is_ipv6"),
    [
        ("0.0.0.0", "0.0.0.0:8080", False),
        ("127.0.0.1", "127.0.0.1:8080", False),
        ("::", "[::]:8080", True),
        ("fe80::1", "[fe80::1]:8080", True),
    ],
)
def test_address_and_port_are_written_as_in_a_url(address: str, host: str, is_ipv6: bool) -> None:
    publication = Publication("tcp", address, 8080, "172.17.0.2", 80)
    assert (publication.host, publication.is_ipv6) == (host, is_ipv6)


@given(addresses, ports, ports, st.sampled_from(["tcp", "udp", "sctp"]))
def test_what_was_published_can_be_asked_for_again(address: str, host: int, container: int, protocol: str) -> None:
    publication = Publication(protocol, address, host, "172.17.0.2", container)  # type: ignore[arg-type]
    assert publication.binding() == PortBinding(container, protocol, address, host)  # type: ignore[arg-type]


def test_a_port_without_wishes_is_tcp_on_every_address_wherever_there_is_room() -> None:
    assert PortBinding(80) == PortBinding(80, "tcp", "", 0, 0)
