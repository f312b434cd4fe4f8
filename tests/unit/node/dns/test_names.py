from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.node.dns.names import ROOT, address_of, below, dashed_address, name, text, wire


def test_names_are_labels_in_lower_case() -> None:
    assert name("Web.Default.svc.") == (b"web", b"default", b"svc")
    assert name("") == name(".") == ROOT
    assert wire(name("a.bc")) == b"\1a\2bc\0"
    assert text((b"a.b", b"c\\", b"\0", b"d")) == "a\\.b.c\\\\.\\000.d."


@pytest.mark.parametrize("bad", ["a..b", ".a", "a" * 64, ".".join(["a" * 60] * 5), "ä.b"])
def test_what_is_no_name_is_refused(bad: str) -> None:
    with pytest.raises(ValueError):
        name(bad)


def test_a_name_below_another() -> None:
    assert below(name("a.b.c"), name("b.c")) == (b"a",)
    assert below(name("b.c"), name("b.c")) == ROOT
    assert below(name("ab.c"), name("b.c")) is None
    assert below(name("c"), name("b.c")) is None


@given(st.ip_addresses())
def test_reverse_names_lead_back(address: object) -> None:
    found = ip_address(str(address))
    assert address_of(name(found.reverse_pointer)) == found


@pytest.mark.parametrize(
    "bad", ["1.2.3.in-addr.arpa", "x.2.3.4.in-addr.arpa", "300.2.3.4.in-addr.arpa", "a.b", "1.ip6.arpa"]
)
def test_other_names_are_no_addresses(bad: str) -> None:
    assert address_of(name(bad)) is None


def test_addresses_with_dashes() -> None:
    assert str(dashed_address(b"10-0-0-1")) == "10.0.0.1"
    assert str(dashed_address(b"fd00--1")) == "fd00::1"
    assert str(dashed_address(b"1-2-3-4-5-6-7-8")) == "1:2:3:4:5:6:7:8"
    for bad in (b"web", b"10-0-0-256", b"\xff", b"", b"1-2-3"):
        assert dashed_address(bad) is None
