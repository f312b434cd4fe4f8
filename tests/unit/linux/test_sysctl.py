"""Settings of a network namespace of one's own."""

import errno
import os

import pytest

from tests.unit.linux.apart import apart
from wherry.linux.errors import KernelError
from wherry.linux.sysctl import read_net, write_net


@apart
def test_a_setting_is_what_was_written() -> None:
    for value in ("1", "1", "0"):
        write_net("ipv4/ip_forward", value)
        assert read_net("ipv4/ip_forward") == value


@apart
def test_a_value_that_cannot_be_is_refused() -> None:
    with pytest.raises(KernelError) as refusal:
        write_net("ipv4/ip_forward", "many")
    assert refusal.value.errno == errno.EINVAL
    assert str(refusal.value) == "set to many /proc/sys/net/ipv4/ip_forward: Invalid argument"


def test_what_the_kernel_has_not_is_enoent_or_none() -> None:
    assert read_net("ipv4/conf/no.such.link/forwarding") is None
    with pytest.raises(KernelError) as refusal:
        write_net("ipv4/conf/no.such.link/forwarding", "1")
    assert refusal.value.errno == errno.ENOENT


@pytest.mark.skipif(not os.path.exists("/proc/sys/net/ipv4/ip_forward"), reason="no IPv4")
def test_a_value_is_read_without_its_end_of_line() -> None:
    assert read_net("ipv4/ip_forward") in {"0", "1"}
