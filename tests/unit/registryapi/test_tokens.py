"""Tokens of a token server."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.unit import certificates
from wherry.kit.errors import Invalid
from wherry.registryapi.access import CATALOG, Access
from wherry.registryapi.errors import Challenged
from wherry.registryapi.tokens import Authority, Tokens, load_keys

AUTHORITY = Authority("https://auth.example/token", "registry.example", "auth.example")
PULL, PUSH = Access("repository", "a/b", ("pull",)), Access("repository", "a/b", ("pull", "push"))
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def token(
    *access: tuple[str, str, list[str]], key: Any = KEY, algorithm: str = "ES256", kid: str = "", **claims: Any
) -> str:
    now = int(time.time())
    payload = {
        "iss": AUTHORITY.issuer,
        "aud": AUTHORITY.service,
        "exp": now + 300,
        "nbf": now - 10,
        "access": [{"type": kind, "name": name, "actions": actions} for kind, name, actions in access],
        **claims,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    return "Bearer " + jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


@pytest.fixture
def guard(tmp_path: Path) -> Tokens:
    (tmp_path / "key.pem").write_bytes(pem(KEY))
    return Tokens(AUTHORITY, load_keys(tmp_path / "key.pem"))


async def refused(guard: Tokens, authorization: str | None, *wanted: Access) -> str:
    with pytest.raises(Challenged) as refusal:
        await guard.admit(authorization, wanted)
    return refusal.value.challenge


async def test_without_a_token_the_client_hears_where_to_get_one(guard: Tokens) -> None:
    expected = 'Bearer realm="https://auth.example/token",service="registry.example"'
    assert await refused(guard, None) == expected
    assert await refused(guard, "Basic eDp5") == expected
    assert await refused(guard, None, PUSH) == f'{expected},scope="repository:a/b:pull,push"'
    mount = (PUSH, Access("repository", "c", ("pull",)))
    assert await refused(guard, None, *mount) == f'{expected},scope="repository:a/b:pull,push repository:c:pull"'


async def test_a_token_grants_what_it_says(guard: Tokens) -> None:
    granted = token(("repository", "a/b", ["pull"]), ("registry", "catalog", ["*"]))
    await guard.admit(granted, [])
    await guard.admit(granted, [PULL])
    await guard.admit(granted, [CATALOG])
    await guard.admit(token(("repository", "a/b", ["push", "pull", "delete"])), [PUSH])
    await guard.admit(token(("repository", "a/b", ["*"])), [PUSH])
    await guard.admit(token(("repository", "a/b", ["pull"]), ("repository", "a/b", ["push"])), [PUSH])


@pytest.mark.parametrize(
    "access",
    [[], [("repository", "a/b", ["pull"])], [("repository", "a", ["pull", "push"])], [("x", "a/b", ["pull", "push"])],
     [("repository", "a/b", ["push"]), ("repository", "c", ["pull"])]],
)  # fmt: skip
async def test_a_token_grants_no_more(guard: Tokens, access: list[tuple[str, str, list[str]]]) -> None:
    assert 'error="insufficient_scope"' in await refused(guard, token(*access), PUSH)


@pytest.mark.parametrize(
    "claims",
    [{"access": None}, {"access": "repository:a/b:pull"}, {"access": ["x"]}, {"access": [{"type": "repository"}]},
     {"access": [{"type": "repository", "name": "a/b", "actions": "pull"}]}],
)  # fmt: skip
async def test_strange_claims_grant_nothing(guard: Tokens, claims: dict[str, Any]) -> None:
    await guard.admit(token(**claims), [])
    assert 'error="insufficient_scope"' in await refused(guard, token(**claims), PULL)


@pytest.mark.parametrize(
    "claims",
    [{"iss": "other"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"exp": 1}, {"exp": None},
     {"nbf": 2**40}, {"exp": "never"}],
)  # fmt: skip
async def test_a_token_of_others_for_others_or_another_time_is_not_valid(guard: Tokens, claims: dict[str, Any]) -> None:
    authorization = token(("repository", "a/b", ["pull"]), **claims)
    assert 'error="invalid_token"' in await refused(guard, authorization, PULL)


async def test_a_token_for_several_is_for_us_too(guard: Tokens) -> None:
    await guard.admit(token(("repository", "a/b", ["pull"]), aud=["other", "registry.example"]), [PULL])


async def test_a_forged_token_is_not_valid(guard: Tokens) -> None:
    access = ("repository", "a/b", ["pull"])
    unsigned = "Bearer " + jwt.encode({"iss": "auth.example"}, None, algorithm="none")
    header, payload, signature = token(access).removeprefix("Bearer ").split(".")
    # The public key as an HMAC's secret; PyJWT refuses to make that, so it is made by hand.
    confused = _hmac_token(token(access), pem(KEY))
    for forged in (
        token(access, key=OTHER),
        unsigned,
        confused,
        f"Bearer {header}.{payload}.",
        f"Bearer {header}.{payload}.{signature[::-1]}",
        "Bearer x.y.z",
        "Bearer " + "x" * 60_000,
    ):
        assert 'error="invalid_token"' in await refused(guard, forged, PULL)


def _hmac_token(original: str, secret: bytes) -> str:
    import base64
    import hashlib
    import hmac

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    payload = original.removeprefix("Bearer ").split(".")[1]
    signed = f"{encoded(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{payload}"
    return f"Bearer {signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


async def test_keys_of_a_set_are_chosen_by_name(tmp_path: Path) -> None:
    algorithm = jwt.algorithms.ECAlgorithm
    keys = [
        {**json.loads(algorithm.to_jwk(key.public_key())), "kid": name} for name, key in (("one", KEY), ("two", OTHER))
    ]
    (tmp_path / "keys.json").write_text(json.dumps({"keys": keys}))
    guard = Tokens(AUTHORITY, load_keys(tmp_path / "keys.json"))
    access = ("repository", "a/b", ["pull"])
    for key, kid in ((KEY, "one"), (OTHER, "two"), (OTHER, ""), (OTHER, "unknown")):
        await guard.admit(token(access, key=key, kid=kid), [PULL])
    assert "invalid_token" in await refused(guard, token(access, key=OTHER, kid="one"), PULL)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(rsa.generate_private_key(65537, 2048), "RS256"), (rsa.generate_private_key(65537, 2048), "PS512"),
     (ed25519.Ed25519PrivateKey.generate(), "EdDSA"), (ec.generate_private_key(ec.SECP384R1()), "ES384")],
)  # fmt: skip
async def test_every_kind_of_public_key_will_do(tmp_path: Path, key: Any, algorithm: str) -> None:
    (tmp_path / "key.pem").write_bytes(pem(key))
    guard = Tokens(AUTHORITY, load_keys(tmp_path / "key.pem"))
    await guard.admit(token(("repository", "a/b", ["pull"]), key=key, algorithm=algorithm), [PULL])


def test_a_certificate_has_a_key_in_it(tmp_path: Path) -> None:
    made = certificates.make(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(made.authority.read_bytes() + made.certificate.read_bytes())
    assert len(load_keys(both)) == 2


@pytest.mark.parametrize(
    "content", [b"", b"x", b"{}", b'{"keys": []}', b"{", b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}']
)
def test_what_has_no_public_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(Invalid, match="token key"):
        load_keys(tmp_path / "key")


def test_a_private_key_has_no_business_here(tmp_path: Path) -> None:
    made = certificates.make(tmp_path)
    with pytest.raises(Invalid):
        load_keys(made.key)
    with pytest.raises(Invalid, match="No such file"):
        load_keys(tmp_path / "missing")
