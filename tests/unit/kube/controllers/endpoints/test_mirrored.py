"""What an Endpoints object says, as slices."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.controllers.endpoints.mirrored import MANAGER, MOST, SKIP, Mirror, is_mirrored, mirror
from wherry.kube.controllers.endpoints.plan import MANAGED_BY, SERVICE, TRIGGER
from wherry.kube.machinery.model import Object

HTTP = {"name": "http", "port": 80, "protocol": "TCP"}


def endpoints(*subsets: Object, **metadata: object) -> Object:
    return {"metadata": {"name": "web", "namespace": "default", "uid": "u", **metadata}, "subsets": list(subsets)}


def subset(*addresses: str, ports: tuple[Object, ...] = (HTTP,), waiting: tuple[str, ...] = ()) -> Object:
    found: Object = {"addresses": [{"ip": each} for each in addresses], "ports": list(ports)}
    return {**found, "notReadyAddresses": [{"ip": each} for each in waiting]} if waiting else found


def service(**spec: object) -> Object:
    return {"metadata": {"name": "web"}, "spec": spec}


def carried_out(made: Mirror, existing: list[Object]) -> list[Object]:
    there = {each["metadata"]["name"]: each for each in existing if each["metadata"]["name"] not in made.plan.delete}
    there |= {each["metadata"]["name"]: each for each in made.plan.update}
    for number, each in enumerate(made.plan.create):
        name = f"web-{number}-{len(existing)}"
        there[name] = {**each, "metadata": {**each["metadata"], "name": name}}
    return list(there.values())


def shown(slices: list[Object]) -> list[tuple[str, int, bool]]:
    return sorted(
        (each["addresses"][0], port["port"], each["conditions"]["ready"])
        for found in slices
        for each in found["endpoints"]
        for port in found["ports"]
    )


def test_a_slice_says_whose_it_is_and_has_labels_and_notes_of_the_original() -> None:
    last = "kubectl.kubernetes.io/last-applied-configuration"
    given = endpoints(subset("10.0.0.1"), labels={"team": "a"}, annotations={"note": "n", last: "{}", TRIGGER: "now"})
    (made,) = mirror(given, []).plan.create
    meta = made["metadata"]
    assert meta["labels"] == {"team": "a", SERVICE: "web", MANAGED_BY: MANAGER}
    assert meta["annotations"] == {"note": "n"}
    owner = meta["ownerReferences"][0]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Endpoints", "u", True)
    assert made["endpoints"] == [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}]
    assert (made["addressType"], made["ports"]) == ("IPv4", [HTTP])


def test_what_is_not_ready_is_told_so() -> None:
    (made,) = mirror(endpoints(subset("10.0.0.1", waiting=("10.0.0.2",))), []).plan.create
    assert shown([made]) == [("10.0.0.1", 80, True), ("10.0.0.2", 80, False)]


def test_families_and_ports_have_slices_of_their_own() -> None:
    other = {"port": 9090, "protocol": "TCP"}
    made = mirror(endpoints(subset("10.0.0.1", "fd00::1"), subset("10.0.0.3", ports=(other,))), []).plan.create
    kinds = sorted((each["addressType"], each["ports"][0]["port"]) for each in made)
    assert kinds == [("IPv4", 80), ("IPv4", 9090), ("IPv6", 80)]


def test_an_address_of_ipv4_in_the_form_of_ipv6_is_one_of_ipv4() -> None:
    (made,) = mirror(endpoints(subset("::ffff:10.0.0.1")), []).plan.create
    assert (made["addressType"], made["endpoints"][0]["addresses"]) == ("IPv4", ["10.0.0.1"])


def test_names_nodes_and_targets_are_kept() -> None:
    raw = {"ip": "10.0.0.1", "hostname": "h", "nodeName": "n", "targetRef": {"kind": "Pod", "name": "p"}}
    (made,) = mirror(endpoints({"addresses": [raw], "ports": [HTTP]}), []).plan.create
    (found,) = made["endpoints"]
    assert (found["hostname"], found["nodeName"], found["targetRef"]["name"]) == ("h", "n", "p")


def test_what_is_no_address_and_what_is_too_much_is_counted() -> None:
    many = [str(ipaddress.ip_address("10.1.0.0") + number) for number in range(MOST + 2)]
    made = mirror(endpoints(subset("nonsense", *many)), [])
    assert (made.invalid, made.skipped) == (1, 2)
    assert len(made.plan.create[0]["endpoints"]) == MOST


def test_a_change_is_an_update_and_what_is_gone_is_deleted() -> None:
    there = carried_out(mirror(endpoints(subset("10.0.0.1"), subset("fd00::1")), []), [])
    made = mirror(endpoints(subset("10.0.0.2")), there)
    assert (len(made.plan.create), len(made.plan.update), len(made.plan.delete)) == (0, 1, 1)
    assert shown(carried_out(made, there)) == [("10.0.0.2", 80, True)]


@pytest.mark.parametrize(
    ("metadata", "spec", "expected"),
    [
        ({}, {}, True),
        ({}, {"selector": {}}, True),
        ({}, {"selector": {"app": "web"}}, False),
        ({"labels": {SKIP: "true"}}, {}, False),
        ({"labels": {SKIP: "false"}}, {}, True),
        ({"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}, {}, False),
        ({"deletionTimestamp": "now"}, {}, False),
    ],
)
def test_which_are_mirrored(metadata: Object, spec: Object, expected: bool) -> None:
    assert is_mirrored(endpoints(**metadata), service(**spec)) is expected


def test_without_a_service_or_without_endpoints_there_is_nothing_to_mirror() -> None:
    assert not is_mirrored(None, service()) and not is_mirrored(endpoints(), None)


ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2", "none"])
SUBSETS = st.lists(
    st.builds(
        lambda ready, waiting, port: subset(*ready, ports=({**HTTP, "port": port},), waiting=tuple(waiting)),
        st.lists(ADDRESSES, max_size=4),
        st.lists(ADDRESSES, max_size=2),
        st.sampled_from([80, 81]),
    ),
    max_size=3,
)


@given(SUBSETS, SUBSETS)
def test_the_plan_of_an_applied_plan_is_empty(first: list[Object], second: list[Object]) -> None:
    there: list[Object] = []
    for subsets in (first, second):
        there = carried_out(mirror(endpoints(*subsets), there), there)
        assert mirror(endpoints(*subsets), there).plan.is_empty
    told = {
        (each["ip"], port["port"])
        for found in second
        for name in ("addresses", "notReadyAddresses")
        for each in found.get(name, ())
        for port in found["ports"]
        if each["ip"] != "none"
    }
    assert {(address, port) for address, port, _ in shown(there)} == told
