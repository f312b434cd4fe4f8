"""Web pages are kept out, clients are not."""

import pytest

from wherry.engine.registry.model import Code, Refused
from wherry.registryapi.strangers import check


@pytest.mark.parametrize(
    "host", ["127.0.0.1:5000", "localhost:5000", "localhost", "LOCALHOST:1", "[::1]:5000", "my.name:5000",
             "registry.localhost:5000", "192.168.1.7:5000"]
)  # fmt: skip
def test_clients_call_us_by_our_names(host: str) -> None:
    check({"Host": host}, "my.name")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5000", "127.0.0.1.evil.example:5000", "", "[evil]:5000"]
)
def test_names_that_were_made_to_mean_us_are_refused(host: str) -> None:
    with pytest.raises(Refused) as refusal:
        check({"Host": host}, "127.0.0.1")
    assert refusal.value.code is Code.DENIED
    check({"Host": host}, None)  # where one must log in, the name is of no help to a page


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_are_refused(headers: dict[str, str]) -> None:
    for own_name in (None, "127.0.0.1"):
        with pytest.raises(Refused):
            check({"Host": "127.0.0.1:5000", **headers}, own_name)
    check({"Host": "127.0.0.1:5000", "Sec-Fetch-Site": "none"}, "127.0.0.1")  # a user's own address line
