from base64 import b64encode
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW, changed, created, made
from wherry.kube.kinds.configmap import KIND
from wherry.kube.kinds.keyed import MAX_BYTES

FROZEN = "field is immutable when `immutable` is set"
BAD_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"data": {"a": "b", "c.d_e-f": ""}, "binaryData": {"g": "AAA="}}, []),
        ({"data": {"a b": ""}}, [f'data[a b]: Invalid value: "a b": {BAD_KEY}']),
        ({"binaryData": {"..": ""}}, ["binaryData[..]: Invalid value: \"..\": must not be '..'"]),
        (
            {"data": {"a": ""}, "binaryData": {"a": ""}},
            ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
        ),
        ({"data": {"a": "x" * MAX_BYTES}}, []),
        ({"data": {"a": "x" * MAX_BYTES, "b": "y"}}, ["[]: Too long: may not be more than 1048576 bytes"]),
        (
            {"data": {"a": "x"}, "binaryData": {"b": b64encode(bytes(MAX_BYTES)).decode()}},
            ["[]: Too long: may not be more than 1048576 bytes"],
        ),
    ],
)
def test_keys_and_sizes(fields: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, **fields) == errors


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        ({"data": {"a": "b"}}, {"data": {"a": "c"}}, []),
        ({"data": {"a": "b"}}, {"immutable": True}, []),
        ({"immutable": True, "data": {"a": "b"}}, {"data": {"a": "c"}}, [f"data: Forbidden: {FROZEN}"]),
        ({"immutable": True}, {"binaryData": {"a": "AA=="}}, [f"binaryData: Forbidden: {FROZEN}"]),
        ({"immutable": True}, {"immutable": False}, [f"immutable: Forbidden: {FROZEN}"]),
        ({"immutable": True}, {"data": {}}, []),
    ],
)
def test_what_was_made_immutable_stays(before: dict[str, Any], after: dict[str, Any], errors: list[str]) -> None:
    assert changed(KIND, made(KIND, **before), **after) == errors


def test_keys_are_counted() -> None:
    assert KIND.cells is not None
    found = {"metadata": {"name": "a", "creationTimestamp": CREATED}, "data": {"a": ""}, "binaryData": {"b": ""}}
    assert list(KIND.cells(found, NOW)) == ["a", 2, "2m5s"]
