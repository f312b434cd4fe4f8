"""What frontends put into the sets."""

from wherry.node.proxy.elements import Arranged, Element, Shape, elements, shapes
from wherry.node.proxy.model import Entry, Frontend, Target

WEB = Frontend.at("10.96.0.1", "tcp", 80)
ONE, TWO = Target("10.0.0.1", 8080), Target("10.0.0.2", 8080)


def made(entry: Entry) -> dict[str, list[str]]:
    """By set, what it gets."""
    arranged = Arranged(entry, tuple(sorted(entry.targets)), tuple(sorted(entry.outside or ())))
    found: dict[str, list[str]] = {}
    everything = list(elements(arranged))
    assert len(set(everything)) == len(everything)
    for element in everything:
        found.setdefault(element.set, []).append(f"{element.key} : {element.value}".removesuffix(" : "))
    return found


def test_a_cluster_address_with_endpoints() -> None:
    assert made(Entry(WEB, frozenset({ONE, TWO}), is_cluster=True)) == {
        "a4-inside": ["10.96.0.1 . tcp . 80"],
        "cluster4": ["10.96.0.1"],
        "a4-endpoints": [
            f"10.96.0.1 . tcp . 80 . {0x20000} : 10.0.0.1 . 8080",
            f"10.96.0.1 . tcp . 80 . {0x20001} : 10.0.0.2 . 8080",
        ],
    }


def test_without_endpoints_it_is_refused_or_when_they_are_elsewhere_dropped() -> None:
    assert set(made(Entry(WEB, frozenset(), is_cluster=True))) == {"a4-refused", "cluster4"}
    assert set(made(Entry(WEB, frozenset(), elsewhere=True, is_cluster=True))) == {"a4-dropped", "cluster4"}


def test_who_comes_from_outside_may_have_others_or_none() -> None:
    here = made(Entry(WEB, frozenset({ONE, TWO}), frozenset({ONE})))
    assert (here["a4-here"], here["a4-everywhere"], here["external4"]) == ([WEB.key], [WEB.key], ["10.96.0.1"])
    assert f"10.96.0.1 . tcp . 80 . {(1 << 31) + 0x10000} : 10.0.0.1 . 8080" in here["a4-endpoints"]
    away = made(Entry(WEB, frozenset({TWO}), frozenset()))
    assert (away["a4-away"], "a4-here" in away) == ([WEB.key], False)


def test_a_node_port_has_no_address() -> None:
    found = made(Entry(Frontend.of_node(True, "udp", 30053), frozenset({ONE})))
    assert (found["n6-everywhere"], found["node-ports"]) == (["udp . 30053"], ["30053"])


def test_who_asks_is_hidden_where_an_endpoint_may_be_anywhere() -> None:
    def hidden(entry: Entry) -> dict[str, list[str]]:
        return {name: keys for name, keys in made(entry).items() if "hidden" in name}

    one = frozenset({ONE})
    assert hidden(Entry(WEB, one)) == {"a4-hidden-tcp": ["10.96.0.1 . 80"]}
    assert hidden(Entry(Frontend.of_node(True, "udp", 30053), one)) == {"n6-hidden-udp": ["30053"]}
    assert hidden(Entry(WEB, one, is_cluster=True)) == {}
    assert hidden(Entry(WEB, one, outside=one)) == hidden(Entry(WEB, one, outside=frozenset())) == {}


def test_affinity_goes_by_numbers() -> None:
    found = made(Entry(WEB, frozenset({ONE}), frozenset({ONE}), affinity_seconds=60))
    assert "a4-endpoints" not in found
    assert found["a4-sticky-60"] == [WEB.key]
    (member,) = found["a4-members"]
    key, _, target = member.partition(" : ")
    assert target == "10.0.0.1 . 8080"
    number = key.rpartition(" ")[2]
    assert [choice.rpartition(" ")[2] for choice in found["a4-choices"]] == [number, number]


def test_sources_are_for_the_frontend() -> None:
    found = made(Entry(WEB, frozenset({ONE}), sources=("10.0.0.0/8",)))
    assert (found["a4-limited"], found["a4-allowed"]) == ([WEB.key], [f"{WEB.key} . 10.0.0.0/8"])


def test_shapes_are_the_rules_that_are_needed() -> None:
    arranged = Arranged(Entry(WEB, frozenset({ONE, TWO}), frozenset({ONE}), affinity_seconds=9), (ONE, TWO), (ONE,))
    assert list(shapes(arranged)) == [Shape("a4", 2, False, 9), Shape("a4", 1, True, 9)]
    assert list(shapes(Arranged(Entry(WEB, frozenset())))) == []


def test_an_element_of_a_set_has_no_value() -> None:
    assert Element("a", "b").value == ""
