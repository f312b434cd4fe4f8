"""Options of the bridge driver."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.networks.options import Options, read
from wherry.kit.errors import Invalid, Unsupported, WherryError

BRIDGE = "com.docker.network.bridge."


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        (f"{BRIDGE}enable_icc", "true", Options()),
        (f"{BRIDGE}enable_icc", "0", Options(is_apart=True)),
        (f"{BRIDGE}enable_ip_masquerade", "False", Options(masquerades=False)),
        (f"{BRIDGE}host_binding_ipv4", "127.0.0.1", Options(host_address="127.0.0.1")),
        (f"{BRIDGE}host_binding_ipv4", "0.0.0.0", Options()),
        (f"{BRIDGE}name", "br-shop", Options(bridge="br-shop")),
        (f"{BRIDGE}name", "", Options()),
        (f"{BRIDGE}gateway_mode_ipv4", "nat", Options()),
        ("com.docker.network.driver.mtu", "1400", Options(mtu=1400)),
        ("com.docker.network.driver.mtu", "", Options()),
        ("my.own", "x", Options()),
    ],
)
def test_an_option_means_what_docker_says(name: str, text: str, options: Options) -> None:
    assert read({name: text}) == options


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (f"{BRIDGE}enable_icc", "no"),
        (f"{BRIDGE}enable_ip_masquerade", ""),
        (f"{BRIDGE}host_binding_ipv4", "fd00::1"),
        (f"{BRIDGE}host_binding_ipv4", "localhost"),
        (f"{BRIDGE}name", "a-name-of-sixteen"),
        (f"{BRIDGE}name", 'x"'),
        (f"{BRIDGE}name", "wherry0"),
        (f"{BRIDGE}name", "wv1"),
        ("com.docker.network.driver.mtu", "67"),
        ("com.docker.network.driver.mtu", "big"),
    ],
)
def test_what_means_nothing_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(Invalid, match=f"invalid value for {name}: {text}"):
        read({name: text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (f"{BRIDGE}gateway_mode_ipv4", "routed"),
        (f"{BRIDGE}inhibit_ipv4", "true"),
        ("com.docker.network.container_iface_prefix", "net"),
    ],
)
def test_what_is_not_there_yet_is_said_so(name: str, text: str) -> None:
    with pytest.raises(Unsupported, match=f"the network option {name}={text} is not available"):
        read({name: text})


@given(st.sampled_from(("enable_icc", "enable_ip_masquerade", "host_binding_ipv4", "name")), st.text(max_size=20))
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    try:
        found = read({f"{BRIDGE}{name}": text})
    except WherryError:
        return
    assert found.bridge in ("", text)
