import copy
import random
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import CONTEXT
from wherry.kube.kinds.service import KIND
from wherry.kube.kinds.service.allocation import Change, Ranges, allocate, changes
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

DUAL = Ranges((ip_network("10.96.0.0/12"), ip_network("fd00:10:96::/108")))
SMALL = Ranges((ip_network("10.0.0.0/29"),), 30000, 30003)


def first(count: int) -> int:
    return 0


def service(**spec: Any) -> Object:
    made: Object = {"metadata": {"name": "web"}, "spec": {"ports": [{"name": "http", "port": 80}], **spec}}
    KIND.strategy.default(made)
    KIND.strategy.prepare_create(made, CONTEXT)
    return made


def test_a_service_gets_an_address_beyond_those_to_be_asked_for() -> None:
    found = service()
    change = allocate(found, None, set(), set(), first)
    assert change == Change(taken_ips=("10.96.1.1",))
    spec = found["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("10.96.1.1", ["10.96.1.1"])
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")


def test_an_address_may_be_asked_for() -> None:
    found = service(clusterIP="10.96.0.10")
    assert allocate(found, None, set(), set(), first) == Change(taken_ips=("10.96.0.10",))


@pytest.mark.parametrize(
    ("ip", "why"),
    [
        ("10.96.0.1", "provided IP is already allocated"),
        (
            "192.168.0.1",
            "the provided IP (192.168.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/12",
        ),
    ],
)
def test_an_address_that_cannot_be_had_is_refused(ip: str, why: str) -> None:
    with pytest.raises(StatusError) as caught:
        allocate(service(clusterIP=ip), None, {"10.96.0.1"}, set(), first)
    assert caught.value.code == 422
    assert str(caught.value) == (
        f'Service "web" is invalid: spec.clusterIPs: Invalid value: ["{ip}"]: failed to allocate IP {ip}: {why}'
    )


def test_a_headless_service_gets_families_only() -> None:
    found = service(clusterIP="None", selector={"a": "b"})
    assert allocate(found, None, set(), set(), first) == Change()
    assert found["spec"]["ipFamilies"] == ["IPv4"]
    assert found["spec"]["ipFamilyPolicy"] == "SingleStack"


def test_a_headless_service_without_pods_may_have_all_families() -> None:
    found = service(clusterIP="None")
    allocate(found, None, set(), set(), first)
    assert found["spec"]["ipFamilies"] == ["IPv4", "IPv6"]
    assert found["spec"]["ipFamilyPolicy"] == "RequireDualStack"


def test_a_name_needs_nothing() -> None:
    found = service(type="ExternalName", externalName="db.example", ports=[])
    before = copy.deepcopy(found)
    assert allocate(found, None, set(), set(), first) == Change()
    assert found == before


def test_two_families() -> None:
    found = service(ipFamilyPolicy="PreferDualStack")
    assert allocate(found, None, set(), set(), first, DUAL).taken_ips == ("10.96.1.1", "fd00:10:96::101")
    assert found["spec"]["ipFamilies"] == ["IPv4", "IPv6"]
    other = service(ipFamilyPolicy="PreferDualStack", ipFamilies=["IPv6"])
    assert allocate(other, None, set(), set(), first, DUAL).taken_ips == ("fd00:10:96::101", "10.96.1.1")


def test_where_there_is_one_family_two_are_preferred_in_vain() -> None:
    found = service(ipFamilyPolicy="PreferDualStack")
    assert allocate(found, None, set(), set(), first).taken_ips == ("10.96.1.1",)


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack '
            "services",
        ),
        ({"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
        (
            {"clusterIP": "fd00::1"},
            'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
        ),
        (
            {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4", "IPv6"]},
            "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when "
            "multiple IP families are specified",
        ),
    ],
)
def test_families_that_are_not_there(spec: dict[str, Any], error: str) -> None:
    with pytest.raises(StatusError) as caught:
        allocate(service(**spec), None, set(), set(), first)
    assert error in str(caught.value)


def test_a_second_family_comes_and_goes() -> None:
    old = service()
    allocate(old, None, set(), set(), first, DUAL)
    both = copy.deepcopy(old)
    both["spec"]["ipFamilyPolicy"] = "PreferDualStack"
    assert allocate(both, old, {"10.96.1.1"}, set(), first, DUAL) == Change(taken_ips=("fd00:10:96::101",))
    alone = copy.deepcopy(both)
    alone["spec"]["ipFamilyPolicy"] = "SingleStack"
    change = allocate(alone, both, {"10.96.1.1", "fd00:10:96::101"}, set(), first, DUAL)
    assert change == Change(released_ips=("fd00:10:96::101",))
    assert alone["spec"]["clusterIPs"] == ["10.96.1.1"]


def test_node_ports() -> None:
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81, "nodePort": 30000}]
    found = service(type="NodePort", ports=ports)
    assert allocate(found, None, set(), set(), first).taken_ports == (30000, 30001)
    assert [port["nodePort"] for port in found["spec"]["ports"]] == [30001, 30000]


def test_one_port_of_two_protocols_gets_one_number() -> None:
    found = service(type="NodePort", ports=[{"name": p, "port": 53, "protocol": p} for p in ("TCP", "UDP")])
    assert allocate(found, None, set(), set(), first).taken_ports == (30000,)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (80, "provided port is not in the valid range. The range of valid ports is 30000-32767"),
        (30005, "provided port is already allocated"),
    ],
)
def test_a_port_that_cannot_be_had_is_refused(number: int, why: str) -> None:
    found = service(type="NodePort", ports=[{"port": 80, "nodePort": number}])
    with pytest.raises(StatusError) as caught:
        allocate(found, None, set(), {30005}, first)
    assert str(caught.value) == (f'Service "web" is invalid: spec.ports[0].nodePort: Invalid value: {number}: {why}')


def test_a_balancer_may_do_without_ports_but_not_without_its_health_check() -> None:
    found = service(type="LoadBalancer", allocateLoadBalancerNodePorts=False, externalTrafficPolicy="Local")
    assert allocate(found, None, set(), set(), first).taken_ports == (30000,)
    assert found["spec"]["healthCheckNodePort"] == 30000
    assert "nodePort" not in found["spec"]["ports"][0]


def test_what_it_has_it_keeps() -> None:
    old = service(type="NodePort")
    change = allocate(old, None, set(), set(), first)
    new = copy.deepcopy(old)
    assert allocate(new, old, set(change.taken_ips), set(change.taken_ports), first) == Change()
    assert new == old


def test_a_full_range_is_said_to_be_so() -> None:
    used = {str(ip) for ip in ip_network("10.0.0.0/29")}
    with pytest.raises(StatusError) as caught:
        allocate(service(), None, used, set(), first, SMALL)
    assert (caught.value.code, "range is full" in str(caught.value)) == (500, True)
    with pytest.raises(StatusError) as caught:
        allocate(service(type="NodePort"), None, set(), set(range(30000, 30004)), first, SMALL)
    assert (caught.value.code, "range is full" in str(caught.value)) == (500, True)


def test_when_the_usual_range_is_full_there_may_be_others() -> None:
    full = {str(ip) for ip in SMALL.networks[0]}
    more = Ranges(SMALL.networks, more=(ip_network("fd00::/120"), SMALL.networks[0], ip_network("10.9.0.0/28")))
    made = service()
    allocate(made, None, full, set(), lambda count: 0, more)
    assert ip_address(made["spec"]["clusterIP"]) in ip_network("10.9.0.0/28")
    asked = service(clusterIP="10.9.0.5", clusterIPs=["10.9.0.5"])
    allocate(asked, None, set(), set(), lambda count: 0, more)
    assert asked["spec"]["clusterIP"] == "10.9.0.5"
    with pytest.raises(StatusError, match="not in the valid range"):
        allocate(service(clusterIP="10.9.1.5", clusterIPs=["10.9.1.5"]), None, set(), set(), lambda count: 0, more)


def test_what_a_deletion_releases() -> None:
    old = service(type="NodePort")
    allocate(old, None, set(), set(), first)
    assert changes(None, old) == Change(released_ips=("10.96.1.1",), released_ports=(30000,))


@given(
    seed=st.integers(),
    used=st.sets(st.integers(1, 6)),
    used_ports=st.sets(st.integers(30000, 30003)),
    kind=st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
    count=st.integers(1, 3),
)
def test_nothing_is_given_twice(seed: int, used: set[int], used_ports: set[int], kind: str, count: int) -> None:
    """Whatever is chosen: what is given is free and in range, and given until nothing is left."""
    addresses = {f"10.0.0.{number}" for number in used}
    ports = [{"name": f"p{number}", "port": 80 + number} for number in range(count)]
    found = service(type=kind, ports=ports)
    has_room = len(addresses) < 6 and (kind == "ClusterIP" or len(used_ports) + count <= 4)
    choose = random.Random(seed).randrange
    if not has_room:
        with pytest.raises(StatusError):
            allocate(found, None, addresses, used_ports, choose, SMALL)
        return
    change = allocate(found, None, addresses, used_ports, choose, SMALL)
    (ip,) = change.taken_ips
    assert ip not in addresses
    assert ip in {f"10.0.0.{number}" for number in range(1, 7)}
    given_ports = set(change.taken_ports)
    assert not given_ports & used_ports
    assert given_ports <= set(range(30000, 30004))
    assert len(given_ports) == (0 if kind == "ClusterIP" else count)
    assert allocate(copy.deepcopy(found), found, addresses | {ip}, used_ports | given_ports, choose, SMALL) == Change()


@pytest.mark.parametrize("policy", ["PreferDualStack", "RequireDualStack"])
def test_on_a_cluster_that_lost_a_family_services_keep_theirs_and_may_change_otherwise(policy: str) -> None:
    old = service(ipFamilyPolicy=policy)
    allocate(old, None, set(), set(), first, DUAL)
    told = copy.deepcopy(old)
    told["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    assert allocate(told, old, set(old["spec"]["clusterIPs"]), set(), first) == Change()
    changed = copy.deepcopy(old)
    changed["spec"]["ports"][0]["port"] = 81
    if policy == "RequireDualStack":
        with pytest.raises(StatusError, match="this cluster is not configured for dual-stack services"):
            allocate(changed, old, set(), set(), first)
    else:
        assert allocate(changed, old, set(old["spec"]["clusterIPs"]), set(), first) == Change()
        assert changed["spec"]["clusterIPs"] == old["spec"]["clusterIPs"]
