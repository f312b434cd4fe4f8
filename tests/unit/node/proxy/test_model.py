from wherry.node.proxy.model import PORT_SOURCES, Change, Frontend, Plane, family_of


def test_a_frontend_knows_its_plane_and_protocol() -> None:
    four, six = Frontend.at("10.96.0.1", "tcp", 80), Frontend.at("fd00::1", "udp", 53)
    assert (four.place, Frontend.of_node(True, "sctp", 30080).place) == ("10.96.0.1 . 80", "30080")
    assert (four.plane, four.key, four.protocol) == (Plane.ADDRESS4, "10.96.0.1 . tcp . 80", "tcp")
    assert (six.plane, six.protocol) == (Plane.ADDRESS6, "udp")
    node = Frontend.of_node(True, "sctp", 30080)
    assert (node.plane, node.key, node.protocol, node.address) == (Plane.NODE6, "sctp . 30080", "sctp", "")
    assert [plane for plane in Plane if plane.is_node] == [Plane.NODE4, Plane.NODE6]


def test_a_change_is_true_when_it_changes_something() -> None:
    assert not Change()
    assert Change(add={"a": {"b": ""}})
    assert Change(old_sets=["a"])


def test_only_what_is_about_ports_is_of_family_bridge() -> None:
    assert (family_of(PORT_SOURCES), family_of("cluster4")) == ("bridge", "inet")
