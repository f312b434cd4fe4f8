"""Scripts are checked by libnftables itself, on the kernel of a namespace of the test's own."""

from tests.unit.linux.apart import apart
from tests.unit.node.proxy.objects import NODE, TCP80, endpoint, labelled, pod, policy, service, slice_
from wherry.linux.nftables import Nftables
from wherry.node.proxy import script
from wherry.node.proxy.difference import difference, united
from wherry.node.proxy.model import PORT_SOURCES, PORTS, Change, Ruleset
from wherry.node.proxy.plan import plan
from wherry.node.proxy.policies.model import policy_pod
from wherry.node.proxy.policies.plan import plan as policies
from wherry.node.proxy.state import Services


def everything() -> Ruleset:
    """Something of each kind there is."""
    services, key = Services(NODE), ("default", "web")
    spec = service(
        address="10.96.0.1,fd00::1", type="LoadBalancer", ports=[{**TCP80, "nodePort": 30080}],
        externalTrafficPolicy="Local", ingress=[{"ip": "192.0.2.1"}], loadBalancerSourceRanges=["10.0.0.0/8"],
        sessionAffinity="ClientIP",
    )  # fmt: skip
    slices = [slice_("web", [endpoint(f"172.30.0.{number}") for number in range(2, 30)])]
    slices.append(slice_("web", [endpoint("fd01::2")], kind="IPv6"))
    services.update({key: plan(spec, slices, NODE, {})})
    web = policy_pod(pod("web", "172.30.0.2,fd01::2", labels={"app": "web"}), "here")
    assert web is not None
    peers = [{"podSelector": labelled(app="web")}, {"ipBlock": {"cidr": "::/0", "except": ["fd00::/8"]}}]
    ports = [{"port": "http"}, {"port": 80, "endPort": 90}, {"protocol": "UDP"}]
    rule = policy(ingress=[{"from": peers, "ports": ports}], egress=[{}])
    ports_of = Ruleset({}, {}, {PORTS: {'"wv2"': ""}, PORT_SOURCES: {'"wv2" . 02:42:ac:1e:00:02 . 172.30.0.2': ""}})
    return united(services.ruleset(), policies([rule], [web], {}), ports_of)


def nothing() -> Ruleset:
    return united(Services(NODE).ruleset(), policies([], [], {}))


def listed(nftables: Nftables) -> list[object]:
    """Both tables, without what changes with every transaction."""
    found = []
    for family in ("inet", "bridge"):
        for each in nftables.list_table(family, NODE.table) or []:
            (body,) = each.values()
            if isinstance(body, dict):
                body.pop("handle", None)
                if "elem" in body:
                    body["elem"] = sorted(map(str, body["elem"]))
            found.append(str(each))
    return sorted(found)


@apart
def test_there_and_back_again_by_changes_is_as_made_at_once() -> None:
    full, empty = everything(), nothing()
    with Nftables() as nftables:
        nftables.run(script.whole(NODE.table, empty), step="empty")
        before = listed(nftables)
        nftables.run(script.whole(NODE.table, full), step="full")
        whole = listed(nftables)
        nftables.run(script.changed(NODE.table, difference(full, empty)), step="to empty")
        assert listed(nftables) == before
        nftables.run(script.changed(NODE.table, difference(empty, full)), step="to full")
        assert listed(nftables) == whole
        assert len(whole) > len(before)


@apart
def test_removal_removes_both_tables_as_often_as_one_likes() -> None:
    with Nftables() as nftables:
        nftables.run(script.whole(NODE.table, nothing()), step="make")
        for _ in range(2):
            nftables.run(script.removal(NODE.table), step="remove")
        assert nftables.list_table("inet", NODE.table) is None
        assert nftables.list_table("bridge", NODE.table) is None


def test_elements_are_written_in_commands_of_bearable_length() -> None:
    many = {"a": {f"10.0.{number >> 8}.{number & 255}": "" for number in range(2500)}}
    lines = script.changed("t", Change(add=many)).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("add element inet t a { 10.0.0.0, ")


def test_what_goes_is_named_by_its_key() -> None:
    change = Change(delete={"m": {"1.1.1.1": "jump a"}}, add={"m": {"1.1.1.1": "jump b"}})
    assert script.changed("t", change).splitlines() == [
        "delete element inet t m { 1.1.1.1 }",
        "add element inet t m { 1.1.1.1 : jump b }",
    ]
