"""Where to listen and whom to admit."""

from dataclasses import replace
from pathlib import Path

import pytest

from wherry.kit.errors import Invalid
from wherry.registryapi import options
from wherry.registryapi.options import Options

TOKENS = {"token_realm": "https://a/", "token_service": "s", "token_issuer": "i", "token_key": Path("k")}
TLS = {"tls_cert": Path("c"), "tls_key": Path("k")}


@pytest.mark.parametrize(
    ("listen", "expected"),
    [("127.0.0.1:5000", ("127.0.0.1", 5000)), ("localhost:0", ("localhost", 0)), ("[::1]:5000", ("::1", 5000)),
     (":5000", ("", 5000)), ("0.0.0.0:65535", ("0.0.0.0", 65535))],
)  # fmt: skip
def test_an_address_is_a_host_and_a_port(listen: str, expected: tuple[str, int]) -> None:
    assert options.address(listen) == expected


@pytest.mark.parametrize(
    "listen", ["", "5000", "localhost", "localhost:", "localhost:x", "a:65536", "::1:5000", "a:-1"]
)
def test_other_addresses_are_refused(listen: str) -> None:
    with pytest.raises(Invalid, match="is not HOST:PORT"):
        options.address(listen)
    with pytest.raises(Invalid, match="is not HOST:PORT"):
        options.check(Options(listen=listen))


@pytest.mark.parametrize("listen", ["0.0.0.0:5000", ":5000", "[::]:5000", "192.168.1.1:5000", "registry.example:443"])
def test_other_machines_are_served_with_tls_or_on_request(listen: str) -> None:
    open_to_all = Options(listen=listen)
    with pytest.raises(Invalid, match="can be reached from other machines"):
        options.check(open_to_all)
    options.check(replace(open_to_all, plain_http=True))
    options.check(replace(open_to_all, **TLS))


@pytest.mark.parametrize("listen", ["127.0.0.1:5000", "127.1.2.3:5000", "[::1]:5000", "localhost:5000"])
def test_this_machine_is_served_without_more_ado(listen: str) -> None:
    options.check(Options(listen=listen))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"tls_cert": Path("c")}, "both a certificate and its key"),
        ({"tls_key": Path("k")}, "both a certificate and its key"),
        ({**TOKENS, "token_realm": ""}, "needs also token_realm"),
        ({"token_realm": "x"}, "needs also token_service, token_issuer, token_key"),
        ({**TOKENS, "htpasswd": Path("h")}, "either by a password file or by tokens"),
        ({**TOKENS, "token_service": 'a"b'}, "quotation marks"),
    ],
)
def test_options_that_contradict_each_other_are_told(given: dict[str, object], fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        options.check(Options(**given))  # type: ignore[arg-type]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        options.check(Options(listen=":5000", tls_key=Path("k"), token_realm="x"))
    assert len(refusal.value.message.splitlines()) == 4
