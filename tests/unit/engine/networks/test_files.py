"""/etc/hosts and /etc/resolv.conf by Docker's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.networks.files import Resolver, hosts_file, resolv_conf


def test_hosts_ends_with_the_containers_own_name() -> None:
    lines = hosts_file(["172.17.0.2"], "web").splitlines()
    assert lines[0] == "127.0.0.1\tlocalhost"
    assert lines[-1] == "172.17.0.2\tweb"


def test_a_domain_name_makes_a_full_name_and_an_alias() -> None:
    assert hosts_file(["172.17.0.2"], "web", "example.org").splitlines()[-1] == "172.17.0.2\tweb.example.org web"
    assert hosts_file(["172.17.0.2"], "web.example.org").splitlines()[-1] == "172.17.0.2\tweb.example.org web"


def test_without_an_address_the_own_name_is_left_out() -> None:
    assert "web" not in hosts_file((), "web")


def test_each_address_has_the_name() -> None:
    assert hosts_file(["172.17.0.2", "fd00::2"], "web").splitlines()[-2:] == ["172.17.0.2\tweb", "fd00::2\tweb"]


def test_extra_hosts_come_before_the_own_name() -> None:
    extra = ["db:10.0.0.5", "gate:host-gateway", "six:fd00::1", "seven=[fd00::2]"]
    lines = hosts_file(["172.17.0.2"], "web", extra_hosts=extra, gateway="172.17.0.1").splitlines()
    assert lines[-5:] == ["10.0.0.5\tdb", "172.17.0.1\tgate", "fd00::1\tsix", "fd00::2\tseven", "172.17.0.2\tweb"]


@pytest.mark.parametrize("entry", ["db", "db:", ":10.0.0.1", "db:nowhere", "gate:host-gateway", ""])
def test_a_wrong_extra_host_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=f'"{entry}"'):
        hosts_file(["172.17.0.2"], "web", extra_hosts=[entry])


def test_name_servers_on_loopback_are_left_out() -> None:
    host = "nameserver 127.0.0.53\nnameserver 10.0.0.1\nnameserver ::1\n"
    assert resolv_conf(host) == "nameserver 10.0.0.1\n"


def test_ipv6_name_servers_need_ipv6() -> None:
    host = "nameserver 10.0.0.1\nnameserver fe80::1%eth0\n"
    assert resolv_conf(host) == "nameserver 10.0.0.1\n"
    assert resolv_conf(host, has_ipv6=True) == host


def test_public_name_servers_stand_in_when_none_is_left() -> None:
    assert resolv_conf("nameserver 127.0.0.1\nsearch a b\n") == "nameserver 8.8.8.8\nnameserver 8.8.4.4\nsearch a b\n"


def test_what_is_asked_for_replaces_the_hosts() -> None:
    host = "nameserver 10.0.0.1\nsearch host.example\noptions ndots:5\n"
    asked = Resolver(["127.0.0.1"], ["one.example", "two.example"], ["ndots:1", "rotate"])
    expected = "nameserver 127.0.0.1\nsearch one.example two.example\noptions ndots:1 rotate\n"
    assert resolv_conf(host, asked) == expected


def test_a_dot_means_no_search_list() -> None:
    assert "search" not in resolv_conf("nameserver 10.0.0.1\nsearch a\n", Resolver(search=["."]))


def test_the_last_of_search_and_domain_counts_and_comments_do_not() -> None:
    host = "# search x\n;search y\nsearch a\ndomain b\nnameserver 10.0.0.1\noptions edns0\noptions trust-ad\n"
    assert resolv_conf(host) == "nameserver 10.0.0.1\nsearch b\noptions edns0 trust-ad\n"


@given(st.text(max_size=200))
def test_any_file_gives_a_file_with_a_name_server(host: str) -> None:
    assert resolv_conf(host).startswith("nameserver ")


@given(st.lists(st.sampled_from(["10.0.0.1", "127.0.0.1", "192.0.2.7"]), min_size=1), st.lists(st.sampled_from("abc")))
def test_the_result_read_again_stays_as_it_is(servers: list[str], search: list[str]) -> None:
    host = "".join(f"nameserver {server}\n" for server in servers) + (f"search {' '.join(search)}\n" if search else "")
    once = resolv_conf(host)
    assert resolv_conf(once) == once
