"""What tokens say."""

import msgspec
import pytest

from tests.unit.kube.apiserver.authn.keys import ISSUER, NOW, claims
from wherry.kube.apiserver.authn.claims import Bound, Reference, check_times, read, read_legacy
from wherry.kube.apiserver.authn.model import InvalidToken


def test_claims_are_read() -> None:
    found = read(msgspec.json.encode(claims()))
    assert (found.iss, found.audiences, found.bound.namespace) == (ISSUER, (ISSUER,), "a")
    assert found.bound.pod == Reference("web", "pod-1")
    assert found.bound.secret is None


@pytest.mark.parametrize(("aud", "found"), [("x", ("x",)), ([], ()), ("", ()), (["x", "y"], ("x", "y"))])
def test_audiences_are_one_or_a_list(aud: object, found: tuple[str, ...]) -> None:
    assert read(msgspec.json.encode(claims(aud=aud))).audiences == found


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"iss":1}', b"\xff", b'{"iss":"a","sub":"b","exp":true}'])
def test_what_cannot_be_read_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidToken):
        read(payload)
    with pytest.raises(InvalidToken):
        read_legacy(payload)


def test_what_a_token_is_bound_to_has_no_empty_fields() -> None:
    bound = Bound("a", serviceaccount=Reference("robot", "1"), node=Reference("n"))
    assert msgspec.json.decode(msgspec.json.encode(bound)) == {
        "namespace": "a", "node": {"name": "n"}, "serviceaccount": {"name": "robot", "uid": "1"}
    }  # fmt: skip


def test_a_beginning_has_a_minute_of_grace_and_an_end_has_none() -> None:
    found = read(msgspec.json.encode(claims(exp=NOW + 1)))

    check_times(found, NOW - 60)
    with pytest.raises(InvalidToken, match="not valid yet"):
        check_times(found, NOW - 61)
    check_times(found, NOW + 0.9)
    with pytest.raises(InvalidToken, match="expired"):
        check_times(found, NOW + 1)
