"""Messages to the kernel, byte for byte and there and back."""

import errno
import os
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.descriptors import open_descriptors
from tests.unit.linux.apart import apart
from wherry.linux.errors import KernelError
from wherry.linux.namespaces import NEWNET
from wherry.linux.netlink import (
    NETLINK_ROUTE,
    NLA_F_NESTED,
    NetlinkSocket,
    attribute,
    inside,
    nested,
    number,
    parse_attributes,
    text,
)
from wherry.linux.syscalls import unshare

GETLINK, DELLINK, NEWLINK = 18, 17, 16
IFNAME = 3
INFO = struct.Struct("=BxHiII")
LOOPBACK = INFO.pack(socket.AF_UNSPEC, 0, 1, 0, 0)
NOBODY = INFO.pack(socket.AF_UNSPEC, 0, 0, 0, 0)

kinds = st.integers(0, 0x3FFF)


def test_an_attribute_is_padded_and_its_length_does_not_say_so() -> None:
    assert attribute(1, b"abc") == struct.pack("=HH", 7, 1) + b"abc\0"
    assert attribute(2, b"") == struct.pack("=HH", 4, 2)
    assert text(3, "lo") == struct.pack("=HH", 7, 3) + b"lo\0\0"
    assert number(4, 1 << 31) == struct.pack("=HHI", 8, 4, 1 << 31)


@given(st.dictionaries(kinds, st.binary(max_size=40), max_size=8))
def test_attributes_are_read_as_they_were_written(values: dict[int, bytes]) -> None:
    written = b"".join(attribute(kind, value) for kind, value in values.items())
    assert parse_attributes(written) == values
    outer = nested(7, written)
    assert struct.unpack_from("=HH", outer)[1] == 7 | NLA_F_NESTED
    assert parse_attributes(parse_attributes(outer)[7]) == values


def test_of_a_repeated_type_the_last_counts() -> None:
    assert parse_attributes(attribute(1, b"a") + attribute(1, b"b")) == {1: b"b"}


@pytest.mark.parametrize("data", [b"\3\0\1\0", b"\0\0\1\0", b"\x09\0\1\0abcd"])
def test_an_attribute_that_lies_about_its_length_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="claims"):
        parse_attributes(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = parse_attributes(data)
    except ValueError:
        return
    assert sum(4 + len(value) for value in found.values()) <= len(data)


def test_one_object_is_asked_for_and_all() -> None:
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        answers = netlink.get(GETLINK, LOOPBACK, step="look up link", name="lo")
        links = netlink.dump(GETLINK, NOBODY, step="list links")
    assert len(answers) == 1
    assert parse_attributes(answers[0].payload[INFO.size :])[IFNAME] == b"lo\0"
    assert len(links) == len(socket.if_nameindex())


def test_a_refusal_says_what_was_asked_and_the_next_answer_is_whole() -> None:
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        with pytest.raises(KernelError) as refusal:
            netlink.get(GETLINK, NOBODY + text(IFNAME, "absent0"), step="look up link", name="absent0")
        assert refusal.value.errno == errno.ENODEV
        assert str(refusal.value) == "look up link absent0: No such device"
        assert len(netlink.get(GETLINK, LOOPBACK, step="look up link")) == 1


@apart
def test_the_kernels_own_words_are_told() -> None:
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        with pytest.raises(KernelError, match=r"add link \(.+\)"):
            netlink.request(NEWLINK, NOBODY + nested(18, text(1, "no-such-kind")), flags=0x600, step="add link")
        with pytest.raises(KernelError) as refusal:
            netlink.request(DELLINK, LOOPBACK, step="delete link", name="lo")
        assert refusal.value.errno == errno.EOPNOTSUPP


@apart
def test_the_rest_of_an_answer_that_was_given_up_is_passed_over() -> None:
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink._send(GETLINK, 0x301, NOBODY)  # a dump nobody reads
        answers = netlink.get(GETLINK, LOOPBACK, step="look up link")
        assert [parse_attributes(one.payload[INFO.size :])[IFNAME] for one in answers] == [b"lo\0"]


def identity() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


@apart
def test_a_socket_that_was_made_inside_stays_there() -> None:
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    unshare(NEWNET)
    away = identity()
    with NetlinkSocket(NETLINK_ROUTE) as here:
        here.request(NEWLINK, NOBODY + text(IFNAME, "own0") + nested(18, text(1, "bridge")), flags=0x600, step="add")
        with NetlinkSocket(NETLINK_ROUTE, home) as there:
            assert identity() == away
            assert len(there.dump(GETLINK, NOBODY, step="list links")) == 1
        assert len(here.dump(GETLINK, NOBODY, step="list links")) == 2


@apart
def test_one_comes_home_from_another_namespace_whatever_happens_there() -> None:
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    at_home = identity()
    unshare(NEWNET)
    away = identity()
    with pytest.raises(ZeroDivisionError), inside(home):
        assert identity() == at_home
        raise ZeroDivisionError
    assert identity() == away


def test_what_is_no_namespace_is_not_entered_and_leaves_no_descriptor() -> None:
    before = open_descriptors()
    with (
        open("/proc/self/stat") as file,
        pytest.raises(KernelError, match="enter network namespace"),
        inside(file.fileno()),
    ):
        raise AssertionError("never here")
    assert open_descriptors() == before
