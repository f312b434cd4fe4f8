"""Signed tokens."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.apiserver.authn.keys import KEY
from wherry.kube.apiserver.authn.jose import KeySet, issuer_of
from wherry.kube.apiserver.authn.model import InvalidToken
from wherry.kube.pki.model import SigningKey

KEYS = KeySet((KEY,))


@given(st.binary(max_size=200))
def test_what_was_signed_is_what_is_read(payload: bytes) -> None:
    assert KEYS.payload(KEYS.sign(payload)) == payload


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_token_with_any_character_changed_is_not_ours(payload: bytes, data: st.DataObject) -> None:
    token = KEYS.sign(payload)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("AZaz09-_.").filter(lambda each: each != token[at]))
    try:
        found = KEYS.payload(token[:at] + other + token[at + 1 :])
    except InvalidToken:
        return
    assert found == payload  # the last character of a part has bits that say nothing


@given(st.text(max_size=60))
def test_whatever_is_no_token_is_refused_and_has_no_issuer(text: str) -> None:
    assert issuer_of(text) is None
    with pytest.raises(InvalidToken):
        KEYS.payload(text)


def test_the_issuer_is_read_without_a_look_at_the_signature() -> None:
    body = base64.urlsafe_b64encode(b'{"iss": "me", "a": {}}').decode().rstrip("=")
    assert issuer_of(f"x.{body}.y") == "me"
    assert issuer_of(f"x.{body}") is None


def test_deep_documents_end_in_a_no() -> None:
    deep = base64.urlsafe_b64encode(b'{"a":' + b"[" * 5000).decode().rstrip("=")
    assert issuer_of(f"x.{deep}.y") is None
    with pytest.raises(InvalidToken):
        KEYS.payload(f"{deep}.e30.x")


def test_keys_that_only_verify_do_not_sign() -> None:
    with pytest.raises(InvalidToken, match="no key to sign"):
        KeySet((SigningKey(KEY.public_der),)).sign(b"{}")


def test_the_private_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(KEY)
