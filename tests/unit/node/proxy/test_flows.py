"""Which UDP connections are to be forgotten."""

from wherry.linux.conntrack import Flow
from wherry.node.proxy.flows import stale
from wherry.node.proxy.model import Entry, Frontend, Target

DNS, PORT = Frontend.at("10.96.0.10", "udp", 53), Frontend.of_node(False, "udp", 30053)
ENTRIES = {
    DNS: Entry(DNS, frozenset({Target("10.0.0.1", 53)}), serving=frozenset({"10.0.0.1", "10.0.0.2"})),
    PORT: Entry(PORT, frozenset({Target("10.0.0.1", 53)})),
}


def is_stale(destination: str, port: int, answering: str, moved: frozenset[Frontend] | None = None) -> bool:
    return stale(ENTRIES.get, moved)(Flow(17, "10.0.0.9", destination, port, answering, 53, b""))


def test_what_goes_to_an_endpoint_stays_and_to_one_that_still_serves_too() -> None:
    assert not is_stale("10.96.0.10", 53, "10.0.0.1")
    assert not is_stale("10.96.0.10", 53, "10.0.0.2")


def test_what_goes_to_another_address_is_stale() -> None:
    assert is_stale("10.96.0.10", 53, "10.0.0.3")
    assert is_stale("192.0.2.1", 30053, "10.0.0.3")


def test_what_was_never_redirected_is_stale_at_a_services_address_only() -> None:
    assert is_stale("10.96.0.10", 53, "10.96.0.10")
    assert not is_stale("192.0.2.1", 30053, "192.0.2.1"), "that may be somebody else's port of that number"


def test_what_is_nobodys_is_left_alone() -> None:
    assert not is_stale("192.0.2.1", 8053, "10.0.0.3"), "a published port of a container"
    assert not is_stale("192.0.2.1", 53, "192.0.2.1")


def test_only_what_may_have_changed_is_looked_at() -> None:
    assert not is_stale("10.96.0.10", 53, "10.0.0.3", frozenset({PORT}))
    assert is_stale("192.0.2.1", 30053, "10.0.0.3", frozenset({PORT}))
    assert is_stale("10.96.0.10", 53, "10.0.0.3", frozenset({DNS}))


def test_of_a_service_that_is_gone_everything_is_stale_that_was_redirected() -> None:
    gone = Frontend.at("10.96.0.11", "udp", 53)
    assert is_stale("10.96.0.11", 53, "10.0.0.1", frozenset({gone}))
    assert not is_stale("10.96.0.11", 53, "10.96.0.11", frozenset({gone}))
    assert not is_stale("10.96.0.11", 53, "10.0.0.1", None), "nobody knows whose it was"
