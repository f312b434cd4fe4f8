"""Which endpoints are used: the tables of upstream's topology and termination rules."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.unit.node.proxy.objects import NODE, endpoint, slice_
from wherry.kube.machinery.model import Object
from wherry.node.proxy.endpoints import ANY, Groups, Withdrawn, addresses, endpoints, groups, is_usable

HTTP = ("http", "TCP")


def chosen(
    given: Iterable[Object], zone: str = "", withdrawn: Withdrawn | None = None, is_ipv6: bool = False
) -> Groups:
    node = replace(NODE, zone=zone)
    kind = "IPv6" if is_ipv6 else "IPv4"
    found = endpoints([slice_("web", given, kind=kind)], HTTP, node, withdrawn or {}, is_ipv6=is_ipv6)
    return groups(found, node)


def names(found: Iterable[object]) -> str:
    return " ".join(sorted(str(each[0]).rpartition(".")[2] for each in found))  # type: ignore[index]


def hints(address: str, *zones: str, nodes: Iterable[str] = (), **more: object) -> Object:
    for_zones = [{"name": zone} for zone in zones]
    return endpoint(address, hints={"forZones": for_zones, "forNodes": [{"name": each} for each in nodes]}, **more)


def test_ready_endpoints_are_used_and_local_ones_are_told() -> None:
    found = chosen([endpoint("10.0.0.1"), endpoint("10.0.0.2", "there"), endpoint("10.0.0.3", ready=False)])
    assert (names(found.everywhere), names(found.local), found.any) == ("1 2", "1", True)


def test_no_condition_is_ready() -> None:
    assert names(chosen([{"addresses": ["10.0.0.1"]}]).everywhere) == "1"


def test_who_ends_but_serves_is_used_when_nobody_else_is_there() -> None:
    ending = {"ready": False, "serving": True, "terminating": True}
    over = {"ready": False, "serving": False, "terminating": True}
    alone = chosen([endpoint("10.0.0.1", **ending), endpoint("10.0.0.2", **over)])
    assert (names(alone.everywhere), names(alone.local), alone.any) == ("1", "1", True)
    both = chosen([endpoint("10.0.0.1", **ending), endpoint("10.0.0.2", "there")])
    assert (names(both.everywhere), names(both.local)) == ("2", "1")
    assert both.serving == {"10.0.0.1", "10.0.0.2"}


def test_nobody_is_nobody() -> None:
    found = chosen([endpoint("10.0.0.1", ready=False)])
    assert (names(found.everywhere), names(found.local), found.any) == ("", "", False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([hints("10.0.0.1", "a"), hints("10.0.0.2", "b")], "1"),
        ([hints("10.0.0.1", "b"), hints("10.0.0.2", "b")], "1 2"),
        ([hints("10.0.0.1", "a"), endpoint("10.0.0.2")], "1 2"),
        ([hints("10.0.0.1", "a"), endpoint("10.0.0.2", ready=False)], "1"),
        ([hints("10.0.0.1", "a", nodes=["here"]), hints("10.0.0.2", "a", nodes=["there"])], "1"),
        ([hints("10.0.0.1", "a", nodes=["there"]), hints("10.0.0.2", "a", nodes=["there"])], "1 2"),
    ],
    ids=["zone", "no hint for here", "one has no hints", "hints of ready ones count", "node before zone", "other node"],
)
def test_hints_count_when_all_have_them_and_one_is_for_here(given: list[Object], expected: str) -> None:
    assert names(chosen(given, zone="a").everywhere) == expected


def test_without_a_zone_hints_mean_nothing() -> None:
    assert names(chosen([hints("10.0.0.1", "a"), hints("10.0.0.2", "b")]).everywhere) == "1 2"


def test_who_withdrew_here_is_left_out_before_the_api_says_so() -> None:
    given = [endpoint("10.0.0.1", uid="one"), endpoint("10.0.0.2", uid="two")]
    assert names(chosen(given, withdrawn={"10.0.0.1": {"one"}}).everywhere) == "2"
    assert names(chosen(given, withdrawn={"10.0.0.1": {ANY}}).everywhere) == "2"
    assert names(chosen(given, withdrawn={"10.0.0.1": {"before"}}).everywhere) == "1 2", "the address has another pod"
    assert names(chosen(given[:1], withdrawn={"10.0.0.1": {"one"}}).everywhere) == "1", "better than nobody"


def test_only_the_port_that_is_meant_and_the_family_count() -> None:
    four = slice_("web", [endpoint("10.0.0.1")], ports=[{"name": "other", "protocol": "TCP", "port": 1}])
    six = slice_("web", [endpoint("fd00::1")], kind="IPv6")
    assert endpoints([four, six], HTTP, NODE, {}, is_ipv6=False) == []
    assert [each.target for each in endpoints([four, six], HTTP, NODE, {}, is_ipv6=True)] == [("fd00::1", 8080)]


def test_an_endpoint_in_two_slices_is_one() -> None:
    twice = [slice_("web", [endpoint("10.0.0.1", ready=False)]), slice_("web", [endpoint("10.0.0.1")])]
    (found,) = endpoints(twice, HTTP, NODE, {}, is_ipv6=False)
    assert found.ready


def test_slices_for_headless_services_are_not_for_a_proxy() -> None:
    made = slice_("web", [endpoint("10.0.0.1")])
    made["metadata"]["labels"]["service.kubernetes.io/headless"] = ""
    assert endpoints([made], HTTP, NODE, {}, is_ipv6=False) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "169.254.1.1", "224.0.0.1", "0.0.0.0", "::1", "fe80::1"])
def test_k16_packets_are_not_led_to_loopback_link_or_group(address: str) -> None:
    assert not is_usable(address)
    kind = {"is_ipv6": ":" in address}
    assert chosen([endpoint(address)], **kind).any is False


def test_names_are_no_addresses() -> None:
    assert not is_usable("example.org")


def test_all_addresses_of_a_slice_are_told() -> None:
    assert addresses(slice_("web", [endpoint("10.0.0.1"), endpoint("10.0.0.2", ready=False)])) == {
        "10.0.0.1",
        "10.0.0.2",
    }
