"""Networks that users make, by the docker CLI and docker-py: addresses, names, isolation, ports."""

import json
import os
import signal
import socket
import urllib.request
from collections.abc import Iterator

import docker as docker_py
import pytest

from tests.conformance.cli import Docker, page
from tests.kernel.rig import Rig, wait_until

SERVE = ("demo:1", "sh", "-c", "mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www")


@pytest.fixture(autouse=True)
def clean(docker: Docker, rig: Rig) -> Iterator[None]:
    yield
    rig.remove_containers()
    docker("network", "prune", "-f")


def address(docker: Docker, container: str, network: str) -> str:
    return docker.out("inspect", "-f", f"{{{{.NetworkSettings.Networks.{network}.IPAddress}}}}", container)


def reaches(docker: Docker, container: str, name: str) -> bool:
    """By name or address. Debian's static wget cannot look up names without glibc's modules."""
    return docker("exec", container, "ping", "-c1", "-W2", name, check=False).returncode == 0


def test_containers_on_a_network_find_each_other_by_name(docker: Docker) -> None:
    docker("network", "create", "front")
    docker("run", "-d", "--name", "web", "--network", "front", "--network-alias", "shop", *SERVE)
    docker("run", "-d", "--name", "box", "--network", "front", "demo:1", "sleep", "100")
    wait_until(lambda: reaches(docker, "box", "web"))
    for name in ("shop", "web.front", docker.out("inspect", "-f", "{{.Config.Hostname}}", "web"), "WEB"):
        wait_until(lambda name=name: reaches(docker, "box", name))
    assert docker.out("exec", "box", "cat", "/etc/resolv.conf").startswith("nameserver 127.0.0.11\n")
    reverse = docker.out("exec", "box", "nslookup", address(docker, "web", "front"))
    assert "name = web.front" in reverse
    docker("rename", "web", "other")
    assert not reaches(docker, "box", "web")
    wait_until(lambda: reaches(docker, "box", "other"))


def test_those_on_others_do_not(docker: Docker) -> None:
    for name in ("front", "back"):
        docker("network", "create", name)
    docker("run", "-d", "--name", "web", "--network", "front", *SERVE)
    docker("run", "-d", "--name", "near", "--network", "front", "demo:1", "sleep", "100")
    docker("run", "-d", "--name", "far", "--network", "back", "demo:1", "sleep", "100")
    docker("run", "-d", "--name", "default", "demo:1", "sleep", "100")
    wait_until(lambda: reaches(docker, "near", "web"))
    where = address(docker, "web", "front")
    for container in ("far", "default"):
        assert not reaches(docker, container, where)
        assert not reaches(docker, container, "web")
    docker("network", "connect", "front", "far")
    wait_until(lambda: reaches(docker, "far", "web"))
    docker("network", "disconnect", "front", "far")
    assert not reaches(docker, "far", where)


def test_nothing_leaves_an_internal_network(docker: Docker, port: int) -> None:
    """This machine stands for the world outside: it answers at another bridge's address."""
    docker("network", "create", "--internal", "back")
    docker("run", "-d", "--name", "web", "-p", f"{port}:80", *SERVE)
    docker("run", "-d", "--name", "in", "--network", "back", *SERVE)
    docker("run", "-d", "--name", "also", "--network", "back", "demo:1", "sleep", "100")
    docker("run", "-d", "--name", "box", "demo:1", "sleep", "100")
    wait_until(lambda: reaches(docker, "also", "in"))
    wait_until(lambda: reaches(docker, "box", address(docker, "web", "bridge")))
    assert not reaches(docker, "also", address(docker, "web", "bridge"))
    assert not reaches(docker, "box", address(docker, "in", "back"))
    assert "default" not in docker.out("exec", "also", "ip", "route")


def test_the_way_to_elsewhere_is_that_of_another_network_when_its_own_is_left(docker: Docker, port: int) -> None:
    for name in ("front", "back"):
        docker("network", "create", name)
    docker("run", "-d", "--name", "web", "--network", "front", "-p", f"{port}:80", *SERVE)
    docker("network", "connect", "back", "web")

    def way() -> str:
        return docker.out("exec", "web", "ip", "route", "show", "default")

    def gateway(network: str) -> str:
        return docker.out("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network)

    wait_until(lambda: page(port))
    assert f"via {gateway('back')} " in way()
    docker("network", "disconnect", "back", "web")
    assert f"via {gateway('front')} " in way()
    wait_until(lambda: page(port))
    docker("network", "connect", "--gw-priority", "-1", "back", "web")
    assert f"via {gateway('front')} " in way()
    docker("network", "disconnect", "front", "web")
    assert f"via {gateway('back')} " in way()
    wait_until(lambda: page(port))
    assert docker.out("port", "web").splitlines() == [f"80/tcp -> 0.0.0.0:{port}", f"80/tcp -> [::]:{port}"]


def test_a_hardware_address_may_be_chosen(docker: Docker, api: docker_py.DockerClient) -> None:
    docker("network", "create", "front")
    for network in ("bridge", "front"):
        asked = ("--network", network, "--mac-address", "02:42:ac:11:00:99")
        assert docker.out("run", "--rm", *asked, "demo:1", "cat", "/sys/class/net/eth0/address") == asked[-1]
    command = ["cat", "/sys/class/net/eth0/address"]
    assert api.containers.run("demo:1", command, mac_address="02:42:ac:11:00:98", remove=True) == b"02:42:ac:11:00:98\n"


def test_an_interface_may_have_a_name_and_settings_of_its_own(docker: Docker) -> None:
    docker("network", "create", "front")
    option = "com.docker.network.endpoint."
    asked = f"name=front,driver-opt={option}ifname=lan0,driver-opt={option}sysctls=net.ipv4.conf.IFNAME.log_martians=1"
    shown = docker.out(
        "run", "--rm", "--network", asked, "demo:1", "cat", "/proc/sys/net/ipv4/conf/lan0/log_martians",
        "/sys/class/net/lan0/operstate",
    )  # fmt: skip
    assert shown.splitlines() == ["1", "up"]
    wrong = asked.replace("log_martians", "nonsense")
    refused = docker("run", "--rm", "--network", wrong, "demo:1", "true", check=False)
    assert "nonsense" in refused.stderr


def test_ports_are_published(docker: Docker, port: int) -> None:
    docker("network", "create", "front")
    docker("run", "-d", "--name", "web", "--network", "front", "-p", f"127.0.0.1:{port}:80", *SERVE)

    wait_until(lambda: page(port))
    assert docker.out("port", "web") == f"80/tcp -> 127.0.0.1:{port}"
    docker("restart", "-t", "0", "web")
    wait_until(lambda: page(port))
    docker("rm", "-f", "web")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


def test_addresses_may_be_chosen_and_are_kept(docker: Docker) -> None:
    size = ("--opt", "com.docker.network.driver.mtu=1400")
    docker("network", "create", "--subnet", "10.213.0.0/24", "--gateway", "10.213.0.9", *size, "front")
    docker("run", "-d", "--name", "web", "--network", "front", "--ip", "10.213.0.77", *SERVE)
    docker("restart", "-t", "0", "web")
    assert address(docker, "web", "front") == "10.213.0.77"
    assert "default via 10.213.0.9" in docker.out("exec", "web", "ip", "route")
    assert docker.out("exec", "web", "cat", "/sys/class/net/eth0/mtu") == "1400"
    taken = docker("run", "--network", "front", "--ip", "10.213.0.77", "demo:1", "true", check=False)
    assert "Address already in use" in taken.stderr
    overlapping = docker("network", "create", "--subnet", "10.213.0.0/25", "back", check=False)
    assert "Pool overlaps" in overlapping.stderr


def test_what_is_shown_of_them(docker: Docker) -> None:
    docker("network", "create", "--label", "a=b", "front")
    docker("run", "-d", "--name", "web", "--network", "front", "demo:1", "sleep", "100")
    shown = json.loads(docker.out("network", "inspect", "front"))[0]
    assert (shown["Name"], shown["Driver"], shown["Labels"], shown["Internal"]) == (
        "front",
        "bridge",
        {"a": "b"},
        False,
    )
    assert [one["Name"] for one in shown["Containers"].values()] == ["web"]
    assert docker.out("network", "ls", "-q", "--filter", "label=a=b", "--no-trunc") == shown["Id"]
    assert docker.out("ps", "-a", "--filter", "network=front", "--format", "{{.Names}} {{.Networks}}") == "web front"
    busy = docker("network", "rm", "front", check=False)
    assert 'network front has active endpoints (name:"web"' in busy.stderr
    assert docker("network", "create", "front", check=False).stderr.endswith("network with name front already exists\n")
    docker("rm", "-f", "web")
    assert docker.out("network", "prune", "-f").splitlines() == ["Deleted Networks:", "front"]
    assert docker.out("network", "ls", "--format", "{{.Name}}").splitlines() == ["bridge", "host", "none"]


def test_docker_py_puts_containers_on_networks(api: docker_py.DockerClient, docker: Docker) -> None:
    network = api.networks.create("front", driver="bridge", labels={"a": "b"}, check_duplicate=True)
    container = api.containers.run("demo:1", ["sleep", "100"], name="web", network="front", detach=True)
    other = api.containers.run("demo:1", ["sleep", "100"], name="box", detach=True)
    network.connect(other, aliases=["second"])
    assert {one.name for one in api.networks.get(network.id).containers} == {"web", "box"}
    assert other.exec_run(["ping", "-c1", "-W20", "web"]).exit_code == 0
    assert container.exec_run(["ping", "-c1", "-W20", "second"]).exit_code == 0
    network.disconnect(other)
    assert [one.name for one in api.networks.get(network.id).containers] == ["web"]
    container.remove(force=True)
    network.remove()


def test_names_are_answered_again_after_the_engine_was_killed(docker: Docker, rig: Rig) -> None:
    docker("network", "create", "front")
    docker("run", "-d", "--name", "web", "--network", "front", *SERVE)
    docker("run", "-d", "--name", "box", "--network", "front", "demo:1", "sleep", "1000")
    wait_until(lambda: reaches(docker, "box", "web"))
    for process in rig.processes():
        if process["role"] in ("supervisor", "node"):
            os.kill(int(process["pid"]), signal.SIGKILL)
    rig.forget_connections()
    rig.up()
    wait_until(lambda: reaches(docker, "box", "web"))
    docker("rm", "-f", "web")
    assert not reaches(docker, "box", "web")


def test_options_of_a_network_are_done_or_refused_by_name(docker: Docker, port: int) -> None:
    option = "com.docker.network.bridge."
    address_option = ("-o", f"{option}host_binding_ipv4=127.0.0.1")
    docker(
        "network", "create", "-o", f"{option}enable_icc=false", "-o", f"{option}name=br-front", *address_option, "front"
    )
    docker("run", "-d", "--name", "web", "--network", "front", "-p", f"{port}:80", *SERVE)
    docker("run", "-d", "--name", "box", "--network", "front", "demo:1", "sleep", "100")

    wait_until(lambda: page(port))
    assert docker.out("port", "web") == f"80/tcp -> 127.0.0.1:{port}"
    assert os.path.exists("/sys/class/net/br-front/bridge")
    assert not reaches(docker, "box", "web")
    gateway = docker.out("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "front")
    wait_until(lambda: reaches(docker, "box", gateway))
    docker("rm", "-f", "web", "box")
    docker("network", "rm", "front")
    assert not os.path.exists("/sys/class/net/br-front")
    refused = docker("network", "create", "-o", f"{option}inhibit_ipv4=true", "front", check=False)
    assert f"{option}inhibit_ipv4=true is not available" in refused.stderr


def test_those_that_are_apart_reach_published_ports(docker: Docker, port: int) -> None:
    docker("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "front")
    gateway = docker.out("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "front")
    docker("run", "-d", "--name", "web", "--network", "front", "-p", f"{port}:80", *SERVE)
    docker("run", "-d", "--name", "box", "--network", "front", "demo:1", "sleep", "100")

    def answers(where: str, at: int) -> bool:
        asking = f"echo GET / HTTP/1.0 | nc -w2 {where} {at}"
        return "HTTP" in docker("exec", "box", "sh", "-c", asking, check=False).stdout

    wait_until(lambda: answers(gateway, port))
    assert not answers(address(docker, "web", "front"), 80)


def test_a_network_may_have_ipv6(docker: Docker, port: int) -> None:
    docker("network", "create", "--ipv6", "--subnet", "10.213.0.0/24", "--subnet", "fd00:213::/64", "front")
    docker("run", "-d", "--name", "web", "--network", "front", "--ip6", "fd00:213::77", "-p", f"{port}:80", *SERVE)
    docker("run", "-d", "--name", "box", "--network", "front", "demo:1", "sleep", "100")
    docker("network", "create", "--ipv6", "back")
    docker("run", "-d", "--name", "far", "--network", "back", "demo:1", "sleep", "100")

    def reaches6(container: str, name: str) -> bool:
        return docker("exec", container, "ping", "-6", "-c1", "-W2", name, check=False).returncode == 0

    wait_until(lambda: reaches6("box", "web"))
    assert reaches6("box", "fd00:213::77")
    assert reaches6("web", docker.out("inspect", "-f", "{{.NetworkSettings.Networks.front.GlobalIPv6Address}}", "box"))
    assert not reaches6("far", "fd00:213::77")
    assert "fd00:213::77" in docker.out("exec", "box", "nslookup", "-type=aaaa", "web")
    assert "default via fd00:213::1" in docker.out("exec", "box", "ip", "-6", "route")
    shown = json.loads(docker.out("network", "inspect", "front"))[0]
    assert shown["EnableIPv6"] is True
    assert {"Subnet": "fd00:213::/64", "Gateway": "fd00:213::1"} in shown["IPAM"]["Config"]
    with urllib.request.urlopen(f"http://[::1]:{port}/", timeout=10) as answer:
        assert answer.status == 200
    docker("network", "connect", "back", "web")
    assert reaches6("far", "web"), "beside the way, there is one to its own range"
    assert reaches6("box", "web")
    docker("network", "disconnect", "front", "web")
    assert reaches6("far", "web")
    assert not reaches6("box", "fd00:213::77")
