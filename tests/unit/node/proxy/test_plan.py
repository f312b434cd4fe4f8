"""What follows from services."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.node.proxy.objects import GATEWAY, NODE, TCP80, endpoint, service, slice_
from wherry.kube.machinery.model import Object
from wherry.node.proxy.model import NOTHING, Entry, ServicePlan, StandIn, Target
from wherry.node.proxy.plan import external_addresses, is_served, plan, service_of

HERE, THERE = endpoint("172.30.0.2"), endpoint("172.30.9.3", node="there")
OUTSIDE = "192.168.77.1"
NODE_PORT = {**TCP80, "nodePort": 30080}


def planned(endpoints: list[Object] | None = None, **spec: Any) -> ServicePlan:
    return plan(service(**spec), [slice_("web", [HERE, THERE] if endpoints is None else endpoints)], NODE, {})


def entries(found: ServicePlan) -> dict[str, Entry]:
    return {entry.frontend.key: entry for entry in found.entries}


def names(targets: frozenset[Target] | None) -> str:
    return "-" if targets is None else " ".join(sorted(each.address.rpartition(".")[2] for each in targets))


def test_a_cluster_address_is_a_frontend_for_each_port() -> None:
    found = entries(planned(ports=[TCP80, {"name": "dns", "protocol": "UDP", "port": 53}]))
    assert set(found) == {"10.96.0.1 . tcp . 80", "10.96.0.1 . udp . 53"}
    web = found["10.96.0.1 . tcp . 80"]
    assert (names(web.targets), names(web.outside), web.is_cluster) == ("2 3", "-", True)
    assert not found["10.96.0.1 . udp . 53"].targets


@pytest.mark.parametrize(
    "spec",
    [{"type": "ExternalName", "externalName": "example.org"}, {"clusterIP": "None", "clusterIPs": ["None"]}],
    ids=["ExternalName", "headless"],
)
def test_what_dns_alone_answers_has_no_rules(spec: Object) -> None:
    assert planned(**spec) == NOTHING


def test_services_of_other_proxies_and_none_at_all_have_no_rules() -> None:
    other = service()
    other["metadata"]["labels"] = {"service.kubernetes.io/service-proxy-name": "mine"}
    assert not is_served(other)
    assert plan(None, [], NODE, {}) == NOTHING


def test_a_node_port_is_one_frontend_beside_the_cluster_address() -> None:
    assert set(entries(planned(ports=[NODE_PORT], type="NodePort"))) == {"10.96.0.1 . tcp . 80", "tcp . 30080"}
    assert set(entries(planned(ports=[NODE_PORT]))) == {"10.96.0.1 . tcp . 80"}, "it is no NodePort any more"


def test_external_policy_local_is_for_who_comes_from_outside() -> None:
    found = entries(planned(ports=[NODE_PORT], type="NodePort", externalTrafficPolicy="Local"))
    assert (names(found["tcp . 30080"].targets), names(found["tcp . 30080"].outside)) == ("2 3", "2")
    assert names(found["10.96.0.1 . tcp . 80"].outside) == "-"


def test_internal_policy_local_is_for_the_cluster_address() -> None:
    found = entries(planned(ports=[NODE_PORT], type="NodePort", internalTrafficPolicy="Local"))
    assert names(found["10.96.0.1 . tcp . 80"].targets) == "2"
    assert names(found["tcp . 30080"].targets) == "2 3"
    (only,) = planned([THERE], internalTrafficPolicy="Local").entries
    assert (names(only.targets), only.elsewhere) == ("", True)


def test_external_addresses_are_the_services_and_the_load_balancers() -> None:
    given = [{"ip": OUTSIDE}, {"ip": "192.0.2.9", "ipMode": "Proxy"}, {"hostname": "lb.example.org"}]
    balanced = service(type="LoadBalancer", ingress=given, externalIPs=["203.0.113.9", "127.0.0.1"])
    assert external_addresses(balanced) == ["203.0.113.9", OUTSIDE]
    assert external_addresses(service(ingress=given)) == []


def test_sources_are_as_few_networks_as_possible_and_for_the_load_balancer_alone() -> None:
    found = entries(
        planned(
            type="LoadBalancer", ingress=[{"ip": OUTSIDE}], externalIPs=["203.0.113.9"],
            loadBalancerSourceRanges=["10.0.0.0/8", " 10.1.0.0/16", "192.0.2.0/25", "192.0.2.128/25"],
        )
    )  # fmt: skip
    assert found[f"{OUTSIDE} . tcp . 80"].sources == ("10.0.0.0/8", "192.0.2.0/24")
    assert found["203.0.113.9 . tcp . 80"].sources == ()
    six = planned(type="LoadBalancer", ingress=[{"ip": OUTSIDE}], loadBalancerSourceRanges=["fd00::/8"])
    assert entries(six)[f"{OUTSIDE} . tcp . 80"].sources == ("0.0.0.0/32",), "nobody of this family"


def test_a_node_that_may_use_a_load_balancer_asks_by_whatever_address_it_has() -> None:
    def sources(own: str) -> tuple[str, ...]:
        balanced = {"type": "LoadBalancer", "ingress": [{"ip": "203.0.113.7"}]}
        spec = service(**balanced, loadBalancerSourceRanges=["10.0.0.0/8"])
        found = plan(spec, [slice_("web", [HERE])], replace(NODE, addresses=(own, "fd00::9")), {}).entries
        return next(each.sources for each in found if each.frontend.address == "203.0.113.7")

    assert sources("192.168.77.1") == ("10.0.0.0/8",)
    assert sources("10.0.0.7") == ("10.0.0.0/8", "203.0.113.7/32")


def test_affinity_has_a_time() -> None:
    (three_hours,) = planned(sessionAffinity="ClientIP").entries
    config = {"clientIP": {"timeoutSeconds": 5}}
    (short,) = planned(sessionAffinity="ClientIP", sessionAffinityConfig=config).entries
    assert (three_hours.affinity_seconds, short.affinity_seconds) == (10800, 5)


def test_two_families_have_endpoints_of_their_own() -> None:
    slices = [slice_("web", [HERE]), slice_("web", [endpoint("FD00::2")], kind="IPv6")]
    spec = service(address="10.96.0.1,fd00:96::1", type="NodePort", ports=[NODE_PORT])
    found = plan(spec, slices, NODE, {}).entries
    assert {(entry.frontend.plane.value, names(entry.targets)) for entry in found} == {
        ("a4", "2"), ("n4", "2"), ("a6", "FD00::2"), ("n6", "FD00::2"),
    }  # fmt: skip


def test_a_load_balancer_asks_for_health_where_traffic_stays_local() -> None:
    spec = {"type": "LoadBalancer", "healthCheckNodePort": 31000}
    assert planned(**spec).health_port == 0
    local = planned(**spec, externalTrafficPolicy="Local")
    assert (local.health_port, local.healthy) == (31000, 1)


def test_local_addresses_are_those_on_the_bridge() -> None:
    assert planned().local == {"172.30.0.2"}


def test_a_service_that_the_node_serves_itself_leads_there() -> None:
    node = replace(NODE, stand_ins={("default", "dns"): StandIn(Target(GATEWAY, 10053), GATEWAY, ())})
    own = service("dns", "10.96.0.10", ports=[{"name": "dns", "protocol": "UDP", "port": 53}], selector=None)
    (entry,) = plan(own, [], node, {}).entries
    assert entry.targets == {Target(GATEWAY, 10053)}
    theirs = {**own, "spec": {**own["spec"], "selector": {"app": "coredns"}}}
    (entry,) = plan(theirs, [], node, {}).entries
    assert not entry.targets


def test_only_datagrams_remember_who_serves() -> None:
    ending = endpoint("172.30.0.4", ready=False, serving=True, terminating=True)
    numbers = [{"name": "http", "protocol": "UDP", "port": 1}, {"name": "http", "protocol": "TCP", "port": 1}]
    ports = [{**TCP80, "protocol": "UDP"}, TCP80]
    udp, tcp = plan(service(ports=ports), [slice_("web", [HERE, ending], ports=numbers)], NODE, {}).entries
    assert (udp.serving, tcp.serving) == ({"172.30.0.2", "172.30.0.4"}, frozenset())


def test_whose_slice_it_is() -> None:
    assert service_of(slice_("web", [])) == ("default", "web")
    assert service_of({"metadata": {"namespace": "a", "name": "b"}}) == ("a", "")
