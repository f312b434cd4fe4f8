"""What others do to the rules, and neighbours to the node (CHECKS.md N01, N03, K5)."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.kernel.netlab import OUTSIDE, Lab
from tests.kernel.proxylab import ProxyLab
from tests.kernel.rig import wait_until
from tests.unit.linux.apart import apart
from tests.unit.node.proxy.objects import (
    GATEWAY,
    NODE,
    TCP80,
    endpoint,
    labelled,
    namespace,
    pod,
    policy,
    service,
    slice_,
)
from wherry.linux.links import Links
from wherry.linux.netlink import inside
from wherry.linux.nftables import Nftables
from wherry.linux.sysctl import read_net
from wherry.node.proxy.proxy import Options


def others(lab: ProxyLab) -> Options:
    """The engine's table is put right as well."""

    async def restore() -> None:
        lab.set_engine_rules()

    return Options(others={"wherry-lab": restore})


@apart
def test_n03_a_flushed_ruleset_is_made_anew_at_once() -> None:
    lab = ProxyLab()
    lab.options = others(lab)
    web, client, stranger = lab.pod(2), lab.pod(3), lab.pod(4)
    lab.put(
        service(), slice_("web", [endpoint(web.address)]), namespace(),
        pod("web", web.address, labels={"app": "web"}), pod("client", client.address, labels={"app": "client"}),
        policy("web", labelled(app="web"), ingress=[{"from": [{"podSelector": labelled(app="client")}]}]),
    )  # fmt: skip
    with lab.running(), Nftables() as nftables:
        for script in (
            "flush ruleset\n",
            f"delete table inet {NODE.table}\n",
            f"delete table bridge {NODE.table}\n",
            f"flush chain inet {NODE.table} policies\n",
            f"delete element inet {NODE.table} a4-inside {{ 10.96.0.1 . tcp . 80 }}\n",
            f"add rule inet {NODE.table} policies accept\n",
        ):
            nftables.run(script, step="do harm")
            wait_until(lambda: client.ask("10.96.0.1", 80, seconds=0.3), what=script)
            wait_until(lambda: stranger.is_deaf(web.address, 8080), what=script)
            wait_until(lambda: lab.neighbour.is_deaf(web.address, 8080), what=script)


@apart
def test_n03_a_node_that_is_killed_leaves_all_or_nothing() -> None:
    """The proxy of another process is killed while it makes changes: each service works as before or as after."""
    lab = Lab()
    first, second, client = lab.pod(2), lab.pod(3), lab.pod(4)
    script = "tests.kernel.probes.proxychurn"
    for turn in range(5):
        command = [sys.executable, "-m", script, first.address, second.address]
        churn = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        try:
            assert churn.stdout is not None
            assert churn.stdout.readline() == b"changing\n"
            time.sleep(0.017 * turn)  # wherever that is
            churn.send_signal(signal.SIGKILL)
        finally:
            churn.kill()
            churn.wait()
        assert client.ask("10.96.0.1", 80).name in ("pod2", "pod3")
        assert client.ask("10.96.0.9", 80).error == "ConnectionRefusedError"


@apart
def test_n01_k5_a_neighbour_reaches_nothing_that_is_not_published() -> None:
    lab = ProxyLab()
    web = lab.pod(2)
    lab.put(service(type="NodePort", ports=[{**TCP80, "nodePort": 30080}]), slice_("web", [endpoint(web.address)]))
    own = lab.node.serve(6443, "127.0.0.1").serve(10250, "127.0.0.1").serve(10053, GATEWAY)
    assert own.ask("127.0.0.1", 6443).name == "node"
    with inside(lab.neighbour.netns or 0), Links() as there:
        subprocess.run(["ip", "route", "add", "127.0.0.0/8", "via", OUTSIDE, "dev", "eth0", "table", "5"], check=True)
        subprocess.run(["ip", "rule", "add", "pref", "0", "table", "5"], check=True)
        subprocess.run(["ip", "rule", "add", "pref", "5", "lookup", "local"], check=True)
        subprocess.run(["ip", "rule", "del", "pref", "0", "lookup", "local"], check=True)
        Path("/proc/sys/net/ipv4/conf/all/route_localnet").write_text("1")
        Path("/proc/sys/net/ipv4/conf/eth0/route_localnet").write_text("1")
        assert there.get("eth0") is not None
    with lab.running():
        assert lab.neighbour.ask(OUTSIDE, 30080).name == "pod2"
        for port in (6443, 10250, 30080):
            assert lab.neighbour.is_deaf("127.0.0.1", port), port
        for address, port in ((web.address, 8080), (GATEWAY, 10053)):
            assert lab.neighbour.is_deaf(address, port), address
        for name in ("all", "default", NODE.bridge, "outer"):
            assert read_net(f"ipv4/conf/{name}/route_localnet") == "0"
