"""Which addresses are allowed (K3)."""

import pytest

from wherry.kube.apiserver.connecting.addresses import allowed
from wherry.kube.machinery.status import StatusError


@pytest.mark.parametrize("address", ["10.0.0.1", "192.0.2.7", "172.17.0.1", "2001:db8::1", "fd00::1", "100.64.0.1"])
def test_addresses_of_machines(address: str) -> None:
    assert allowed(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "169.254.169.254", "0.0.0.0", "224.0.0.1", "::1", "::", "fe80::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "", "localhost", "metadata.internal",
        "0177.0.0.1", "127.1", "2130706433", "10.0.0.1:80", "10.0.0.1%eth0", "[::1]", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_addresses_that_lead_elsewhere_and_names(address: str) -> None:
    with pytest.raises(StatusError) as error:
        allowed(address)
    assert (error.value.code, error.value.message) == (400, "address not allowed")
