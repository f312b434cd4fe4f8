"""Kernel settings of pods."""

import pytest

from tests.unit.node.runtime.world import pod
from wherry.kit.errors import Invalid
from wherry.node.runtime.sysctls import wanted

PORTS, PINGS = "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range"


def test_on_a_network_of_its_own_everybody_may_have_low_ports_and_ping() -> None:
    assert wanted(pod(), mapped=True) == {PORTS: "0", PINGS: "0 65535"}
    assert wanted(pod(), mapped=False)[PINGS] == "0 2147483647"
    assert wanted(pod(host_network=True), mapped=False) == {}


def test_what_is_asked_for_goes_before_that() -> None:
    given = {PORTS: "80", "kernel.shmmax": "1", "fs.mqueue.msg_max": "2", "net.ipv4.conf.eth0.rp_filter": "1"}
    assert wanted(pod(sysctls=given), mapped=True) == {PINGS: "0 65535", **given}


@pytest.mark.parametrize(
    "name",
    ["kernel.panic", "vm.swappiness", "net", "net.", "net..x", "net/ipv4", "net.ipv4.../..x", "kernel.shm/../x", ""],
)
def test_what_is_no_pods_own_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="not one that a pod has for itself"):
        wanted(pod(sysctls={name: "1"}), mapped=True)


@pytest.mark.parametrize(
    ("name", "fields", "whose"),
    [("net.core.somaxconn", {"host_network": True}, "network"), ("kernel.sem", {"host_ipc": True}, "IPC")],
)
def test_what_would_be_the_hosts_is_refused(name: str, fields: dict[str, bool], whose: str) -> None:
    with pytest.raises(Invalid, match=f"the host's {whose} namespace"):
        wanted(pod(sysctls={name: "1"}, **fields), mapped=False)
