"""Tokens to join by."""

import base64
from typing import Any

import pytest

from tests.unit.kube.apiserver.authn.keys import ISSUER, NOW, Clock, thing
from wherry.kube.apiserver.authn.bootstrap import BootstrapTokens
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import User
from wherry.kube.machinery.model import Object

TOKEN = "abcdef.0123456789abcdef"
GOOD = {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"}


def secret(namespace: str = "kube-system", kind: str = "bootstrap.kubernetes.io/token", **data: str) -> Object:
    encoded = {name.replace("_", "-"): base64.b64encode(value.encode()).decode() for name, value in data.items()}
    return thing("Secret", "bootstrap-token-abcdef", "1", namespace, type=kind, data=encoded)


def user_of(*objects: Object, token: str = TOKEN) -> User | None:
    found = BootstrapTokens(FakeListers(*objects), (ISSUER,), Clock()).verify(token)
    return None if found is None else found.user


def test_a_token_is_a_bootstrapper() -> None:
    groups = ("system:bootstrappers", "system:authenticated")
    assert user_of(secret(**GOOD)) == User("system:bootstrap:abcdef", groups)


def test_with_more_groups() -> None:
    more = {"auth-extra-groups": "system:bootstrappers:b,,system:bootstrappers:a"}
    found = user_of(secret(**GOOD, **more))
    assert found is not None
    assert found.groups == (
        "system:bootstrappers", "system:bootstrappers:a", "system:bootstrappers:b", "system:authenticated"
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"token-secret": "0123456789abcdee"},
        {"token-secret": ""},
        {"token-id": "abcdee"},
        {"usage-bootstrap-authentication": "false"},
        {"usage-bootstrap-authentication": "True"},
        {"expiration": "2027-01-15T08:00:00Z"},  # NOW
        {"expiration": "2020-01-01T00:00:00Z"},
        {"expiration": "soon"},
        {"auth-extra-groups": "system:masters"},
        {"auth-extra-groups": "system:bootstrappers:a,system:masters"},
        {"auth-extra-groups": "system:bootstrappers:"},
        {"auth-extra-groups": "system:bootstrappers:a\nsystem:masters"},
    ],
)
def test_one_that_is_not_right_is_none(changes: dict[str, Any]) -> None:
    assert user_of(secret(**{**GOOD, **changes})) is None


def test_one_that_ends_later_is_good() -> None:
    assert NOW == 1_800_000_000.0
    assert user_of(secret(**GOOD, expiration="2027-01-15T08:00:01Z")) is not None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abcdef",
        "ABCDEF.0123456789abcdef",
        "abcdef.0123456789abcde",
        "abcdef.0123456789abcdef\n",
        "a.b.c",
        " " + TOKEN,
        "abcdeg.0123456789abcdef",
    ],
)
def test_what_has_another_form_is_none(token: str) -> None:
    assert user_of(secret(**GOOD), token=token) is None


def test_secrets_of_other_namespaces_types_and_deleted_ones_are_none() -> None:
    assert user_of(secret("default", **GOOD)) is None
    assert user_of(secret(kind="Opaque", **GOOD)) is None
    going = secret(**GOOD)
    going["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
    assert user_of(going) is None
    broken = secret(**GOOD)
    broken["data"]["token-secret"] = "%"
    assert user_of(broken) is None


def test_it_is_for_the_server_alone() -> None:
    tokens = BootstrapTokens(FakeListers(secret(**GOOD)), (ISSUER,), Clock())
    assert tokens.verify(TOKEN).audiences == (ISSUER,)  # type: ignore[union-attr]
    assert tokens.verify(TOKEN, ("vault",)) is None
