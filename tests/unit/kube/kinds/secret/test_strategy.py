from base64 import b64encode
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW, changed, created, made
from wherry.kube.kinds.keyed import MAX_BYTES
from wherry.kube.kinds.secret import KIND

ACCOUNT = {"annotations": {"kubernetes.io/service-account.name": "robot"}}
FROZEN = "field is immutable when `immutable` is set"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("kind", "data", "errors"),
    [
        ("Opaque", {}, []),
        ("example.com/own", {"anything": "AAA="}, []),
        ("kubernetes.io/tls", {"tls.crt": "", "tls.key": ""}, []),
        ("kubernetes.io/tls", {"tls.crt": ""}, ["data[tls.key]: Required value"]),
        ("kubernetes.io/basic-auth", {"username": ""}, []),
        ("kubernetes.io/basic-auth", {}, ["data[username]: Required value", "data[password]: Required value"]),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": "AAA="}, []),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": ""}, ["data[ssh-privatekey]: Required value"]),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": encoded("{}")}, []),
        ("kubernetes.io/dockerconfigjson", {}, ["data[.dockerconfigjson]: Required value"]),
        (
            "kubernetes.io/dockercfg",
            {".dockercfg": ""},
            ['data[.dockercfg]: Invalid value: "<secret contents redacted>": unexpected end of JSON input'],
        ),
        (
            "kubernetes.io/service-account-token",
            {},
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
    ],
)
def test_what_a_type_asks_for(kind: str, data: dict[str, str], errors: list[str]) -> None:
    assert created(KIND, type=kind, data=data) == errors


def test_contents_are_not_shown() -> None:
    (error,) = created(KIND, type="kubernetes.io/dockercfg", data={".dockercfg": encoded('{"password": "s3cret"')})
    assert error.startswith('data[.dockercfg]: Invalid value: "<secret contents redacted>": ')
    assert "s3cret" not in error


def test_a_token_is_somebodys() -> None:
    assert created(KIND, metadata=ACCOUNT, type="kubernetes.io/service-account-token") == []


def test_plain_texts_are_encoded_and_forgotten() -> None:
    found = made(KIND, data={"a": "AAA=", "b": "AAA="}, stringData={"a": "text", "c": "é"})
    assert found["data"] == {"a": encoded("text"), "b": "AAA=", "c": encoded("é")}
    assert "stringData" not in found
    assert found["type"] == "Opaque"


def test_keys_and_sizes() -> None:
    (error,) = created(KIND, data={"a/b": ""})
    assert error.startswith('data[a/b]: Invalid value: "a/b": a valid config key must consist of')
    full = b64encode(bytes(MAX_BYTES)).decode()
    assert created(KIND, data={"a": full}) == []
    assert created(KIND, data={"a": full, "b": "AA=="}) == ["data: Too long: may not be more than 1048576 bytes"]


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        ({"data": {"a": "AA=="}}, {"data": {"a": "AQ=="}}, []),
        ({}, {"type": "other"}, ['type: Invalid value: "other": field is immutable']),
        ({"immutable": True}, {"data": {"a": "AA=="}}, [f"data: Forbidden: {FROZEN}"]),
        ({"immutable": True}, {"immutable": None}, [f"immutable: Forbidden: {FROZEN}"]),
    ],
)
def test_what_stays(before: dict[str, Any], after: dict[str, Any], errors: list[str]) -> None:
    assert changed(KIND, made(KIND, **before), **after) == errors


def test_a_row_and_fields() -> None:
    assert KIND.cells is not None
    found = {"metadata": {"name": "a", "creationTimestamp": CREATED}, "type": "Opaque", "data": {"a": ""}}
    assert list(KIND.cells(found, NOW)) == ["a", "Opaque", 1, "2m5s"]
    assert KIND.fields(found)["type"] == "Opaque"
