"""A cluster of two address families, on a machine of its own with a neighbour: the same by IPv6 as by IPv4."""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

import wherry
from tests.conformance.kube.machines import HERE, HERE6, THERE, THERE6, Machine, fetched, machine
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import IMAGE, WHERRY, Commands
from tests.kernel.census import take
from tests.unit.kube.kubectl import kubectls
from wherry.engine.instance import Instance

RANGES = ["10.244.0.0/16", "fd00:10:244::/64"]
DUAL = ("--ip-family", "dual")
_WHO = r"""mkdir -p /tmp/www/cgi-bin; cd /tmp/www/cgi-bin; printf '#!/bin/sh\necho; echo $HOSTNAME $REMOTE_ADDR\n' > who
chmod +x who; exec httpd -f -p 80 -h /tmp/www"""
PATH = "/cgi-bin/who"


@dataclass
class World:
    machine: Machine
    cluster: wherry.Cluster
    kubectl: Commands

    def ips(self, pod: str) -> list[str]:
        return [each["ip"] for each in self.kubectl.json("pod", pod)["status"]["podIPs"]]

    def asked(self, pod: str, url: str) -> str:
        """What a pod gets; empty: nothing."""
        done = self.kubectl.run("exec", pod, "--", "timeout", "3", "wget", "-qO-", url)
        return done.stdout.strip()

    def answered(self, pod: str, url: str) -> str:
        """The same when somebody answers: a server may have begun a moment ago, a rule be on its way."""
        return str(wait_until(lambda: self.asked(pod, url), f"{pod} is answered by {url}"))

    def looked_up(self, name: str, wanted: set[str]) -> None:
        """A pod finds these addresses under the name."""

        def found() -> set[str]:
            said = self.kubectl.run("exec", "client", "--", "nslookup", name).stdout
            return set(re.findall(r"^Address: (\S+)$", said, re.MULTILINE))

        wait_until(lambda: found() == wanted, f"{name} is {wanted}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All tests of this file are on its machine, as the thread they run in is."""
    if os.geteuid() != 0 or not kubectls() or not shutil.which("ip"):
        pytest.skip("needs root, ip and a kubectl")
    with machine() as made, made.entered():
        before, links = made.settings(), made.links()
        settings = {"WHERRY_NODE_POD_CIDR": ",".join(RANGES)}
        with wherry.Cluster(settings=settings) as cluster:
            bootstrap(cluster)
            kubectl = Commands(cluster, tmp_path_factory.mktemp("home"))
            kubectl.until(" Ready", "get", "nodes")
            kubectl.until("^default ", "get", "serviceaccounts", "--no-headers")
            kubectl.apply(*(pod(name, _WHO, app="web") for name in ("web-1", "web-2")), pod("client", "sleep 1000"))
            kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=100s")
            yield World(made, cluster, kubectl)
        assert made.settings() == before
        assert made.links() == links
        assert made.said("nft", "list", "tables") == ""
        assert "fd00:" not in made.said("ip", "-6", "route") + made.said("ip", "-6", "addr")


def pod(name: str, command: str, app: str = "", **spec: Any) -> Any:
    """A container of busybox that runs this in a shell."""
    container = {"name": "main", "image": IMAGE, "command": ["sh", "-c", command], **spec.pop("container", {})}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container], **spec}
    meta = {"name": name, "labels": {"app": app or name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def bootstrap(cluster: wherry.Cluster) -> None:
    command = [WHERRY, "--root", cluster.root, "image", "bootstrap", "--tag", IMAGE, "busybox"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def service(name: str, **spec: Any) -> Any:
    body = {"selector": {"app": "web"}, "ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": body}


def kept(world: World, name: str, **spec: Any) -> Any:
    """A new service's specification, when its endpoints are known."""
    world.kubectl.apply(service(name, **spec))
    found = world.kubectl.json("service", name)["spec"]
    for family in found["ipFamilies"]:
        world.kubectl.until(
            f"{family}.*true.*true", "get", "endpointslices", "-l", f"kubernetes.io/service-name={name}", "-o",
            "jsonpath={range .items[*]}{.addressType} {.endpoints[*].conditions.ready}{'\\n'}{end}",
        )  # fmt: skip
    return found


def url(address: str, port: int = 80) -> str:
    return f"http://[{address}]:{port}{PATH}" if ":" in address else f"http://{address}:{port}{PATH}"


def client_of(said: str) -> str:
    """Whom a server took the asking one for."""
    found = ip_address(said.split()[1].strip("[]"))
    return str(getattr(found, "ipv4_mapped", None) or found)


def test_node_and_pods_have_addresses_of_both(world: World) -> None:
    node = world.kubectl.json("nodes")["items"][0]
    assert (node["spec"]["podCIDR"], node["spec"]["podCIDRs"]) == (RANGES[0], RANGES)
    assert [each["address"] for each in node["status"]["addresses"]][:2] == [HERE, HERE6]
    assert world.kubectl.json("servicecidr", "kubernetes")["spec"]["cidrs"] == ["10.96.0.0/12", "fd00:10:96::/112"]
    status = world.kubectl.json("pod", "web-1")["status"]
    four, six = (each["ip"] for each in status["podIPs"])
    assert status["podIP"] == four
    assert ip_address(four) in ip_network(RANGES[0]) and ip_address(six) in ip_network(RANGES[1])
    assert status["hostIPs"] == [{"ip": HERE}, {"ip": HERE6}]
    hosts = world.kubectl("exec", "web-1", "--", "cat", "/etc/hosts").splitlines()
    assert [f"{four}\tweb-1", f"{six}\tweb-1"] == hosts[-2:]


def test_a_pod_is_told_its_addresses_and_the_hosts(world: World) -> None:
    names = {"IP": "podIP", "IPS": "podIPs", "HOSTS": "hostIPs"}
    env = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": f"status.{of}"}}} for name, of in names.items()]
    world.kubectl.apply(
        pod("told", "echo $IP; echo $IPS; echo $HOSTS; sleep 1000", container={"env": env}),
        pod("on-host", "sleep 1000", hostNetwork=True),
    )
    world.kubectl("wait", "--for=condition=Ready", "pod/told", "pod/on-host", "--timeout=100s")
    ips = world.ips("told")
    wanted = [ips[0], ",".join(ips), f"{HERE},{HERE6}"]
    wait_until(lambda: world.kubectl("logs", "told").splitlines() == wanted, "it says what it was told")
    assert world.ips("on-host") == [HERE, HERE6]


@pytest.mark.parametrize(
    ("name", "asked", "families"),
    [
        ("by-default", {}, ["IPv4"]),
        ("single-6", {"ipFamilies": ["IPv6"]}, ["IPv6"]),
        ("preferred", {"ipFamilyPolicy": "PreferDualStack"}, ["IPv4", "IPv6"]),
        ("required", {"ipFamilyPolicy": "RequireDualStack"}, ["IPv4", "IPv6"]),
        ("turned", {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]}, ["IPv6", "IPv4"]),
    ],
)
def test_a_service_has_the_families_it_asks_for(
    world: World, name: str, asked: dict[str, Any], families: list[str]
) -> None:
    """And slices of each, and is found by name and by each address, by who keeps his own."""
    found = kept(world, name, **asked)
    assert found["ipFamilies"] == families
    assert [f"IPv{ip_address(each).version}" for each in found["clusterIPs"]] == families
    assert found["clusterIP"] == found["clusterIPs"][0]
    slices = world.kubectl.json("endpointslices", "-l", f"kubernetes.io/service-name={name}")["items"]
    assert sorted(each["addressType"] for each in slices) == sorted(families)
    own = world.ips("client")
    for address in found["clusterIPs"]:
        said = world.answered("client", url(address))
        assert re.match(r"web-[12] ", said), said
        assert client_of(said) == own[":" in address]
        assert client_of(fetched(world.machine.place, address, 80, PATH))
    world.looked_up(f"{name}.default.svc.cluster.local", set(found["clusterIPs"]))


def test_a_service_gets_and_loses_its_second_family(world: World) -> None:
    first = kept(world, "moving")["clusterIP"]
    world.kubectl("patch", "service", "moving", "-p", '{"spec":{"ipFamilyPolicy":"RequireDualStack"}}')
    both = kept(world, "moving", ipFamilyPolicy="RequireDualStack")["clusterIPs"]
    assert both[0] == first and ":" in both[1]
    assert world.answered("client", url(both[1]))
    world.kubectl("patch", "service", "moving", "-p", '{"spec":{"ipFamilyPolicy":"SingleStack"}}')
    assert world.kubectl.json("service", "moving")["spec"]["clusterIPs"] == [first]
    world.kubectl.until(
        "^1$", "get", "endpointslices", "-l", "kubernetes.io/service-name=moving", "-o", "go-template={{len .items}}"
    )


def test_names_of_headless_services_lead_to_pods_of_both_families(world: World) -> None:
    kept(world, "headless", clusterIP="None", ipFamilyPolicy="PreferDualStack")
    world.looked_up("headless.default.svc.cluster.local", {*world.ips("web-1"), *world.ips("web-2")})
    six = world.ips("web-1")[1]
    back = world.kubectl("exec", "client", "--", "nslookup", six)
    assert "headless.default.svc.cluster.local" in back


def test_from_outside_a_service_is_reached_by_both(world: World) -> None:
    found = kept(world, "outside", type="LoadBalancer", ipFamilyPolicy="RequireDualStack")
    port, neighbour = found["ports"][0]["nodePort"], world.machine.neighbour
    wanted = "jsonpath={.status.loadBalancer.ingress[*].ip}"
    world.kubectl.until(f"^{HERE} {HERE6}$", "get", "service", "outside", "-o", wanted)
    for here, network in zip((HERE, HERE6), RANGES, strict=True):
        assert world.answered("client", url(here, port))
        bridge = str(ip_network(network)[1])
        assert (
            client_of(fetched(neighbour, here, port, PATH)) == client_of(fetched(neighbour, here, 80, PATH)) == bridge
        )
    world.kubectl("patch", "service", "outside", "-p", '{"spec":{"externalTrafficPolicy":"Local"}}')
    for here, there in ((HERE, THERE), (HERE6, THERE6)):
        while client_of(fetched(neighbour, here, port, PATH)) != there:  # until the rules are there
            pass
        assert client_of(fetched(neighbour, here, 80, PATH)) == there
    world.kubectl("patch", "service", "outside", "-p", '{"spec":{"loadBalancerSourceRanges":["2001:db8:99::/64"]}}')
    with pytest.raises(OSError):
        while True:  # until the rules are there
            fetched(neighbour, HERE6, 80, PATH, seconds=1.0)
    world.kubectl("delete", "service", "outside")
    with pytest.raises(OSError):
        while True:
            fetched(neighbour, HERE6, port, PATH, seconds=1.0)


def test_a_client_stays_with_its_endpoint(world: World) -> None:
    found = kept(world, "sticky", sessionAffinity="ClientIP", ipFamilyPolicy="RequireDualStack")
    for address in found["clusterIPs"]:
        answers = {fetched(world.machine.place, address, 80, PATH).split()[0] for _ in range(10)}
        assert len(answers) == 1


def test_pods_go_out_under_the_machines_name_and_nobody_comes_in_uncalled(world: World) -> None:
    for there, here in ((THERE, HERE), (THERE6, HERE6)):
        said = world.kubectl("exec", "client", "--", "sh", "-c", f"echo who | nc -w 2 {there} 8080")
        assert said == f"neighbour {here}"
    neighbour = world.machine.neighbour
    assert neighbour.netns is not None
    six = world.ips("web-1")[1]
    world.machine.neighbour_route(f"{RANGES[1]}")
    assert neighbour.is_deaf(six, 80)
    assert fetched(world.machine.place, six, 80, PATH)


def test_policies_hold_for_both_families_and_both_ways(world: World) -> None:
    kubectl = world.kubectl
    kubectl.apply(pod("guarded", _WHO), pod("friend", "sleep 1000"), pod("kept-in", "sleep 1000"))
    kubectl("wait", "--for=condition=Ready", "pod/guarded", "pod/friend", "pod/kept-in", "--timeout=100s")
    addresses = world.ips("guarded")
    for address in addresses:
        assert world.answered("client", url(address))
    only_friends = {"podSelector": {"matchLabels": {"app": "guarded"}}, "ingress": [
        {"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}]}
    ]}  # fmt: skip
    six_out = {"podSelector": {"matchLabels": {"app": "kept-in"}}, "policyTypes": ["Egress"], "egress": [
        {"to": [{"ipBlock": {"cidr": f"{THERE6}/128"}}]}
    ]}  # fmt: skip
    kubectl.apply(
        *(
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}
            for name, spec in (("in", only_friends), ("out", six_out))
        )
    )
    out = "echo who | nc -w 1 {} 8080 || true"
    while world.asked("client", url(addresses[0])) or kubectl("exec", "kept-in", "--", "sh", "-c", out.format(THERE)):
        pass  # until the rules are there: the time-out of the test ends it
    for address in addresses:
        assert world.answered("friend", url(address)).startswith("guarded ")
        assert not world.asked("client", url(address))
    kubectl.until(f"^neighbour {HERE6}$", "exec", "kept-in", "--", "sh", "-c", out.format(THERE6))
    assert not world.asked("kept-in", url(world.ips("web-1")[1]))
    kubectl("delete", "networkpolicy", "in", "out")


def test_a_host_port_is_led_by_both_families_and_policies_hold_for_it(world: World) -> None:
    kubectl, neighbour, port = world.kubectl, world.machine.neighbour, 18080
    kubectl.apply(pod("posted", _WHO, container={"ports": [{"containerPort": 80, "hostPort": port}]}))
    kubectl("wait", "--for=condition=Ready", "pod/posted", "--timeout=100s")
    for here, there in ((HERE, THERE), (HERE6, THERE6)):
        wait_until(lambda here=here, there=there: came(neighbour, here, port) == there, f"{there} is seen")
        assert world.answered("client", url(here, port)).startswith("posted ")
    allowed = [{"from": [{"ipBlock": {"cidr": f"{THERE6}/128"}}]}]
    spec = {"podSelector": {"matchLabels": {"app": "posted"}}, "ingress": allowed}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "six"}, "spec": spec}
    kubectl.apply(policy)
    wait_until(lambda: not came(neighbour, HERE, port), "the rules are there")
    assert came(neighbour, HERE6, port) == THERE6
    policy["spec"] = {**spec, "ingress": []}
    kubectl.apply(policy)
    wait_until(lambda: not came(neighbour, HERE6, port), "the rules are there")
    assert came(world.machine.place, HERE6, port) and not world.asked("client", url(HERE6, port))
    kubectl("delete", "networkpolicy/six", "pod/posted")
    wait_until(lambda: not came(neighbour, HERE6, port), "it is published no more")


def came(place: Any, here: str, port: int) -> str:
    """Whom the server took for its client; empty: nobody answered."""
    try:
        return client_of(fetched(place, here, port, PATH, seconds=1.0))
    except OSError:
        return ""


def test_probes_and_port_forward_find_who_listens_by_ipv6_alone(world: World) -> None:
    six = {"tcpSocket": {"host": THERE6, "port": 8080}, "periodSeconds": 1}
    only = _WHO.replace("-p 80 ", "-p [::1]:80 ")
    world.kubectl.apply(pod("only-six", only, container={"readinessProbe": six}))
    world.kubectl("wait", "--for=condition=Ready", "pod/only-six", "--timeout=100s")
    assert world.answered("only-six", url("::1")) and not world.asked("only-six", url("127.0.0.1"))
    forward = world.kubectl.start("port-forward", "pod/only-six", "18081:80")
    try:
        assert forward.stdout is not None
        first = forward.stdout.readline()
        assert "Forwarding from" in first, first
        threading.Thread(target=forward.stdout.read, daemon=True).start()
        assert fetched(world.machine.place, "127.0.0.1", 18081, PATH).startswith("only-six ")
    finally:
        forward.terminate()
        forward.wait(120)


def test_a_container_of_the_engine_has_both_too(world: World) -> None:
    root = ("--root", str(world.cluster.root))

    def run(*arguments: str) -> str:
        done = subprocess.run([WHERRY, *root, *arguments], check=True, capture_output=True, text=True, timeout=120)
        return done.stdout.strip()

    run("run", "-d", "--name", "beside", "-p", "8088:80", IMAGE, "sh", "-c", _WHO)
    try:
        networks = "{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}} {{.IPv6Gateway}}{{end}}"
        six, gateway = run("inspect", "--format", networks, "beside").split()
        assert ip_address(six) in ip_network(RANGES[1]) and gateway == "fd00:10:244::1"
        assert f"{six}\t" in run("exec", "beside", "cat", "/etc/hosts")
        assert world.answered("client", url(six))
        assert fetched(world.machine.neighbour, HERE6, 8088, PATH)
    finally:
        run("rm", "-f", "beside")


def test_when_the_node_is_killed_both_families_go_on(world: World) -> None:
    found, before = kept(world, "going-on", ipFamilyPolicy="RequireDualStack"), world.ips("web-1")
    old = node_pid(world.cluster)
    os.kill(old, signal.SIGKILL)
    for address in found["clusterIPs"]:  # while nobody is there: the rules are the kernel's
        assert fetched(world.machine.place, address, 80, PATH)
    wait_until(lambda: node_pid(world.cluster) not in (0, old), "another node")
    world.kubectl.apply(pod("late", _WHO))
    world.kubectl("wait", "--for=condition=Ready", "pod/late", "--timeout=100s")
    assert world.ips("web-1") == before
    for address in (*before, *world.ips("late"), *found["clusterIPs"]):
        assert world.answered("client", url(address))
    neighbours = world.machine.said("ip", "-6", "neigh", "show", "nud", "permanent")
    assert {before[1], world.ips("late")[1]} <= set(neighbours.split())


def node_pid(cluster: wherry.Cluster) -> int:
    """0: there is none."""
    command = [WHERRY, "--root", cluster.root, "status"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    return next((int(line.split()[1]) for line in said.splitlines() if re.match(r"node +\d", line)), 0)


def test_what_a_cluster_has_it_has_after_its_next_start(tmp_path: Path, world: World) -> None:
    """On the same machine, beside the other one: with a range of its own that it chooses, and keeps. Its services have
    IPv6 first, those of the API and of names among them."""
    found = []
    settings = {"WHERRY_API_SERVICE_CIDR": "fd00:10:97::/112,10.97.0.0/16"}
    for _ in range(2):
        with wherry.Cluster(root=tmp_path / "root", arguments=DUAL, settings=settings) as cluster:
            kubectl = Commands(cluster, tmp_path)
            kubectl.until(" Ready", "get", "nodes")
            if not found:
                kubectl.apply(service("both", ipFamilyPolicy="RequireDualStack"))
                bootstrap(cluster)
                ask = "until nslookup both.default.svc.cluster.local; do sleep 0.1; done; "
                ask += "echo | nc -w 2 $KUBERNETES_SERVICE_HOST 443"
                kubectl.apply(pod("asking", ask, restartPolicy="Never"))
                kubectl.until("^Succeeded$", "get", "pod", "asking", "-o", "jsonpath={.status.phase}")
                assert "Server:\t\tfd00:10:97::a\n" in kubectl("logs", "asking")
            node, both = kubectl.json("nodes")["items"][0], kubectl.json("service", "both")
            found.append((node["spec"]["podCIDRs"], both["spec"]["clusterIPs"]))
    assert found[0] == found[1]
    assert found[0][0][1].startswith("fd") and found[0][0] != RANGES
    assert ip_address(found[0][1][0]) in ip_network("fd00:10:97::/112")


def test_without_ipv6_in_the_kernel_it_is_said(tmp_path: Path, world: World) -> None:
    """As a kernel that was started with ``ipv6.disable=1`` shows itself. Without it, all is well."""
    hidden = 'mount -t tmpfs none /proc/sys/net/ipv6 && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", hidden, "-", WHERRY, "--root", tmp_path, "up", "--detach"]
    done = subprocess.run([*command, *DUAL], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "dual stack is asked for, and this kernel has no IPv6" in done.stderr
    assert "Traceback" not in (tmp_path / "wherry.log").read_text()
    assert not take(Instance.at(tmp_path)).processes
    try:
        subprocess.run(command, capture_output=True, timeout=120, check=True)
    finally:
        subprocess.run([WHERRY, "--root", tmp_path, "down"], capture_output=True, timeout=120, check=True)
