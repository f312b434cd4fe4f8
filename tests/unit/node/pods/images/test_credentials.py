"""Users of registries from pull secrets."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.model import Object
from wherry.node.pods.images.credentials import credentials
from wherry.node.pods.runtime import Credentials
from wherry.oci.reference import Reference


def secret(auths: Object, kind: str = "kubernetes.io/dockerconfigjson") -> Object:
    document = {"auths": auths} if kind.endswith("json") else auths
    key = ".dockerconfigjson" if kind.endswith("json") else ".dockercfg"
    return {"type": kind, "data": {key: b64encode(json.dumps(document).encode()).decode()}}


def auth(user: str, password: str) -> Object:
    return {"auth": b64encode(f"{user}:{password}".encode()).decode()}


def users(image: str, *secrets: Object) -> list[str]:
    return [each.username for each in credentials(secrets, Reference.parse(image))]


def test_what_comes_out() -> None:
    found = credentials([secret({"reg.example": auth("me", "pass:word")})], Reference.parse("reg.example/demo:1"))
    assert found == (Credentials("reg.example", "me", "pass:word"),)


def test_both_forms_of_a_user_and_of_a_file() -> None:
    assert users("reg.example/demo", secret({"reg.example": {"username": "me", "password": "x"}})) == ["me"]
    assert users("reg.example/demo", secret({"reg.example": auth("me", "x")}, "kubernetes.io/dockercfg")) == ["me"]


@pytest.mark.parametrize(
    "name", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io", "index.docker.io"]
)
def test_the_hub_has_many_names(name: str) -> None:
    assert users("busybox", secret({name: auth("me", "x")})) == ["me"]
    assert users("reg.example/busybox", secret({name: auth("me", "x")})) == []


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("reg.example", True), ("https://reg.example", True), ("reg.example/v2/", True), ("*.example", True),
        ("other.example", False), ("reg.example:5000", False), ("example", False), ("*", False),
        ("reg.example/team", True), ("reg.example/team/app", True), ("reg.example/tea", False),
        ("reg.example/other", False),
    ],
)  # fmt: skip
def test_which_names_fit(name: str, fits: bool) -> None:
    assert users("reg.example/team/app:1", secret({name: auth("me", "x")})) == (["me"] if fits else [])


def test_the_most_exact_first() -> None:
    one = secret({"reg.example": auth("whole", "x"), "reg.example/team/app": auth("app", "x")})
    other = secret({"reg.example/team": auth("team", "x")})
    assert users("reg.example/team/app", one, other) == ["app", "team", "whole"]


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "Opaque", "data": {"x": "y"}},
        {"type": "kubernetes.io/dockerconfigjson"},
        {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "!"}},
        {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": b64encode(b"[").decode()}},
        secret({"reg.example": "text"}),
        secret({"reg.example": {"auth": "no colon"}}),
        secret({"reg.example": {}}),
    ],
)
def test_what_cannot_be_read_is_left_out(broken: Object) -> None:
    assert users("reg.example/app", broken, secret({"reg.example": auth("me", "x")})) == ["me"]


@given(st.binary())
def test_any_secret_can_be_read(data: bytes) -> None:
    held = {".dockerconfigjson": b64encode(data).decode()}
    users("reg.example/app", {"type": "kubernetes.io/dockerconfigjson", "data": held})
