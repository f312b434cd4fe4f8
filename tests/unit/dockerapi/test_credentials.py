"""Credentials come in a header, in more than one spelling."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.dockerapi.credentials import from_config, from_header
from wherry.engine.distribution.model import ANONYMOUS, Credentials
from wherry.kit.errors import Invalid


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


@pytest.mark.parametrize("text", [None, "", "e30=", "e30", encoded(None)])
def test_nobody(text: str | None) -> None:
    assert from_header(text) == ANONYMOUS
    assert from_header(text).is_anonymous


@pytest.mark.parametrize(
    ("document", "credentials"),
    [
        ({"username": "a", "password": "b?>"}, Credentials("a", "b?>")),
        ({"identitytoken": "t", "serveraddress": "x"}, Credentials(identity_token="t")),
        ({"registrytoken": "t"}, Credentials(registry_token="t")),
        ({"auth": base64.b64encode(b"a:b:c").decode()}, Credentials("a", "b:c")),
        ({"username": "a", "password": "b", "email": "c", "unknown": 1}, Credentials("a", "b")),
    ],
)
def test_somebody(document: dict[str, object], credentials: Credentials) -> None:
    assert from_header(encoded(document)) == credentials
    assert from_header(encoded(document).rstrip("=")) == credentials


@pytest.mark.parametrize(
    "text",
    ["!", "e30=x", "bm9uc2Vuc2U=", encoded([1]), encoded({"username": 1}), encoded({"auth": "!"}),
     encoded({"auth": "YQ=="}), "A" * 70_000],
)  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        from_header(text)


@given(st.text(max_size=40))
def test_any_text_is_credentials_or_a_refusal(text: str) -> None:
    try:
        from_header(text)
    except Invalid:
        pass


def test_a_secret_is_not_shown() -> None:
    assert "secret" not in repr(Credentials("me", "secret", "secret", "secret"))


def test_many_registries() -> None:
    text = encoded({"localhost:5000": {"username": "a", "password": "b"}, "docker.io": {}})
    assert from_config(text) == {"localhost:5000": Credentials("a", "b"), "docker.io": ANONYMOUS}
    assert from_config(None) == {}
    with pytest.raises(Invalid, match="X-Registry-Config"):
        from_config(encoded({"x": 1}))
