"""Options of a container's place on a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.networks.endpointoptions import EndpointOptions, read
from wherry.kit.errors import Invalid, Unsupported, WherryError

PREFIX = "com.docker.network.endpoint."


def test_an_interface_has_a_name_and_settings() -> None:
    sysctls = "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.neigh.ifname.gc_stale_time=60"
    assert read({f"{PREFIX}ifname": "lan0", f"{PREFIX}sysctls": sysctls, "my.own": "x"}) == EndpointOptions(
        "lan0", (("ipv4/conf/{}/log_martians", "1"), ("ipv6/neigh/{}/gc_stale_time", "60"))
    )
    assert read({}) == EndpointOptions() == read({f"{PREFIX}ifname": "", f"{PREFIX}sysctls": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ifname", "a-name-of-sixteen"),
        ("ifname", "a/b"),
        ("ifname", ".."),
        ("ifname", "lo"),
        ("sysctls", "net.ipv4.conf.eth0.log_martians=1"),
        ("sysctls", "net.ipv4.conf.IFNAME.log_martians"),
        ("sysctls", "net.ipv4.conf.IFNAME/../all.log_martians=1"),
        ("sysctls", "kernel.core_pattern=x"),
        ("sysctls", "net.ipv4.ip_forward=1"),
    ],
)
def test_what_means_nothing_is_refused(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=f"invalid value for {PREFIX}{name}"):
        read({PREFIX + name: value})


def test_what_is_not_there_yet_is_said_so() -> None:
    with pytest.raises(Unsupported, match="exposed_ports is not available"):
        read({f"{PREFIX}exposed_ports": "x"})


@given(st.text(max_size=40), st.text(max_size=20))
def test_no_text_leads_out_of_the_interface_s_settings(sysctls: str, interface: str) -> None:
    try:
        found = read({f"{PREFIX}sysctls": sysctls, f"{PREFIX}ifname": interface})
    except WherryError:
        return
    assert "/" not in found.interface
    assert all(path.count("/") == 3 and ".." not in path for path, _ in found.sysctls)
