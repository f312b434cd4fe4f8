"""Published ports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.model import Config, HostConfig, HostPlace
from wherry.engine.containers.ports import bindings, document, parse, parse_exposed, summary
from wherry.engine.networks.model import PortBinding
from wherry.kit.errors import Invalid

PORTS = st.integers(1, 65535)


@given(PORTS, st.sampled_from(["tcp", "udp", "sctp"]))
def test_a_port_is_read_as_it_is_written(number: int, protocol: str) -> None:
    assert parse(f"{number}/{protocol}") == (number, protocol)
    assert parse(f"{number}/{protocol.upper()}") == (number, protocol)
    assert parse(str(number)) == (number, "tcp")


@pytest.mark.parametrize("text", ["", "0", "65536", "80/", "80/icmp", "-1", "80-81", "web", "\uff18\uff10", "80 "])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="invalid port specification"):
        parse(text)


def test_a_range_may_be_exposed() -> None:
    assert parse_exposed("8000-8002/udp") == [(8000, "udp"), (8001, "udp"), (8002, "udp")]
    assert parse_exposed("80") == [(80, "tcp")]


@given(st.text("0123456789-/tcpud", max_size=14))
def test_what_is_exposed_is_ports_or_refused(text: str) -> None:
    try:
        assert all(0 < number < 65536 for number, _ in parse_exposed(text))
    except Invalid:
        pass


def test_a_port_may_be_published_at_several_places() -> None:
    places: list[HostPlace] = [HostPlace(HostIp="127.0.0.1", HostPort="8080"), HostPlace(HostPort="9000-9010")]
    host = HostConfig(PortBindings={"80/tcp": places})
    assert bindings(host, Config()) == [
        PortBinding(80, "tcp", "127.0.0.1", 8080),
        PortBinding(80, "tcp", "", 9000, 9010),
    ]


@pytest.mark.parametrize("places", [None, [], [HostPlace()], [HostPlace(HostPort="0")]])
def test_without_a_host_port_the_engine_picks_one(places: list[HostPlace] | None) -> None:
    assert bindings(HostConfig(PortBindings={"80/tcp": places}), Config()) == [PortBinding(80, "tcp")]


@pytest.mark.parametrize("text", ["x", "65536", "90-80", "80/tcp", "-1", "80-"])
def test_a_host_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="invalid port specification"):
        bindings(HostConfig(PortBindings={"80/tcp": [HostPlace(HostPort=text)]}), Config())


def test_all_exposed_ports_are_published_on_request_and_none_twice() -> None:
    host = HostConfig(PublishAllPorts=True, PortBindings={"80/tcp": [HostPlace(HostPort="8080")]})
    config = Config(ExposedPorts={"80/tcp": {}, "53/udp": {}, "90-91/tcp": {}})
    published = bindings(host, config)
    assert [(one.container_port, one.protocol, one.host_port) for one in published] == [
        (53, "udp", 0),
        (80, "tcp", 8080),
        (90, "tcp", 0),
        (91, "tcp", 0),
    ]


@given(st.dictionaries(PORTS.map(lambda number: f"{number}/tcp"), PORTS, max_size=8))
def test_bindings_come_in_the_order_of_ports(wanted: dict[str, int]) -> None:
    host = HostConfig(PortBindings={port: [HostPlace(HostPort=str(place))] for port, place in wanted.items()})
    found = bindings(host, Config())
    assert [one.container_port for one in found] == sorted(int(port.partition("/")[0]) for port in wanted)
    assert {f"{one.container_port}/tcp": one.host_port for one in found} == wanted


def test_inspect_shows_exposed_ports_as_null_and_published_ones_with_their_places() -> None:
    published = [PortBinding(80, "tcp", "0.0.0.0", 8080), PortBinding(80, "tcp", "::", 8080)]
    assert document({"80/tcp": {}, "53/udp": {}}, published) == {
        "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
        "53/udp": None,
    }


def test_a_list_entry_shows_what_is_published_and_what_could_be() -> None:
    listed = summary({"80/tcp": {}, "53/udp": {}}, [PortBinding(80, "tcp", "0.0.0.0", 8080)])
    assert listed == [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"PrivatePort": 53, "Type": "udp"},
    ]
