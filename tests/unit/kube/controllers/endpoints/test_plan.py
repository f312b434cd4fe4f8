"""From the slices that are there to those that ought to be."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.controllers.endpoints.facts import Endpoint, Port
from wherry.kube.controllers.endpoints.plan import MOST, SERVICE, Plan, plan
from wherry.kube.machinery.model import Object

HTTP, ADMIN = (Port("http", 80, "TCP"),), (Port("http", 8080, "TCP"),)
SERVICE_OBJECT: Object = {
    "metadata": {"name": "web", "namespace": "default", "uid": "u", "labels": {"team": "a"}},
    "spec": {"selector": {"app": "web"}},
}


def endpoint(number: int, ports: tuple[Port, ...] = HTTP, ready: bool = True) -> Endpoint:
    address = f"10.0.{number // 250}.{number % 250 + 1}"
    return Endpoint(address, ports, ready, ready, False, f"web-{number:04}", "default", f"uid-{number}")


def carried_out(made: Plan, existing: list[Object]) -> list[Object]:
    """The slices after the plan."""
    there = {each["metadata"]["name"]: each for each in existing if each["metadata"]["name"] not in made.delete}
    there |= {each["metadata"]["name"]: each for each in made.update}
    for number, each in enumerate(made.create):
        name = f"{each['metadata']['generateName']}{number}{len(existing)}"
        there[name] = {**each, "metadata": {**each["metadata"], "name": name}}
    return list(there.values())


def addresses(slices: list[Object]) -> list[str]:
    return sorted(each["addresses"][0] for found in slices for each in found["endpoints"])


def test_a_service_without_pods_has_one_empty_slice() -> None:
    made = plan(SERVICE_OBJECT, {"IPv4": []}, [])
    assert [each["endpoints"] for each in made.create] == [[]]
    assert plan(SERVICE_OBJECT, {"IPv4": []}, carried_out(made, [])).is_empty


def test_a_slice_says_whose_it_is() -> None:
    (made,) = plan(SERVICE_OBJECT, {"IPv4": [endpoint(1)]}, []).create
    meta: dict[str, Any] = made["metadata"]
    assert meta["labels"] == {
        "team": "a",
        SERVICE: "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    assert meta["ownerReferences"][0]["uid"] == "u"
    assert made["ports"] == [{"name": "http", "port": 80, "protocol": "TCP"}]
    assert made["endpoints"][0]["targetRef"]["name"] == "web-0001"


def test_pods_whose_ports_differ_are_in_other_slices() -> None:
    made = plan(SERVICE_OBJECT, {"IPv4": [endpoint(1), endpoint(2, ADMIN)]}, [])
    assert sorted(each["ports"][0]["port"] for each in made.create) == [80, 8080]


def test_one_change_writes_one_slice() -> None:
    many = [endpoint(number) for number in range(250)]
    there = carried_out(plan(SERVICE_OBJECT, {"IPv4": many}, []), [])
    assert [len(each["endpoints"]) for each in there] == [100, 100, 50]
    many[120] = endpoint(120, ready=False)
    made = plan(SERVICE_OBJECT, {"IPv4": many}, there)
    assert (len(made.create), len(made.update), len(made.delete)) == (0, 1, 0)


def test_a_family_that_is_no_longer_wanted_goes() -> None:
    there = carried_out(plan(SERVICE_OBJECT, {"IPv4": [endpoint(1)], "IPv6": []}, []), [])
    made = plan(SERVICE_OBJECT, {"IPv4": [endpoint(1)]}, there)
    assert len(made.delete) == 1 and not made.create and not made.update


SETS = st.sets(st.integers(0, 400), max_size=300)


@given(SETS, SETS, st.integers(0, 10))
def test_whatever_was_there_becomes_what_is_wanted(before: set[int], after: set[int], changed: int) -> None:
    there = carried_out(plan(SERVICE_OBJECT, {"IPv4": [endpoint(each) for each in sorted(before)]}, []), [])
    wanted = [endpoint(each, ready=each % 7 != changed) for each in sorted(after)]
    now = carried_out(plan(SERVICE_OBJECT, {"IPv4": wanted}, there), there)
    assert addresses(now) == sorted(each.address for each in wanted)
    assert all(len(each["endpoints"]) <= MOST for each in now)
    assert plan(SERVICE_OBJECT, {"IPv4": wanted}, now).is_empty
