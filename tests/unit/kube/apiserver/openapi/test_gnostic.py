"""OpenAPI 2 in protobuf. That kubectl reads it is tested in test_documents.py."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.kube.apiserver.openapi.custom_kind import ALL
from wherry.kube.apiserver.openapi import gnostic, v2
from wherry.kube.machinery.protowire import BYTES, skip, varint


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a message."""
    at = 0
    while at < len(data):
        tag, start = varint(data, at)
        at = skip(data, start, tag)
        if tag & 7 == BYTES:
            _, start = varint(data, start)
            yield tag >> 3, data[start:at]
        else:
            yield tag >> 3, varint(data, start)[0]
    assert at == len(data)


def one(data: Any, *path: int) -> Any:
    """The field at a path of numbers; the first of a list."""
    for number in path:
        data = next(value for each, value in fields(data) if each == number)
    return data


def test_a_small_document() -> None:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "v"},
        "paths": {"/a": {"get": {"operationId": "i", "x-kubernetes-action": "list"}}},
        "definitions": {"D": {"type": "object", "x-y": [1]}},
        "securityDefinitions": {"B": {"type": "apiKey"}},
        "security": [{"B": []}],
    }
    written = gnostic.encode(document)
    assert one(written, 1) == b"2.0"
    assert one(written, 2, 1) == b"T"
    path = one(written, 8, 2)
    assert one(path, 1) == b"/a"
    assert one(path, 2, 2, 5) == b"i"
    assert one(path, 2, 2, 13, 1) == b"x-kubernetes-action"
    assert one(path, 2, 2, 13, 2, 2) == b'"list"'
    assert one(written, 9, 1, 1) == b"D"
    assert one(written, 9, 1, 2, 22, 1) == b"object"
    assert one(written, 13, 1, 2, 2, 1) == b"apiKey"
    assert one(written, 12, 1, 1) == b"B"


@pytest.mark.parametrize(
    ("schema", "path", "value"),
    [
        ({"$ref": "#/definitions/X"}, (1,), b"#/definitions/X"),
        ({"items": {"type": "string"}}, (23, 1, 22, 1), b"string"),
        ({"additionalProperties": {"format": "f"}}, (21, 1, 2), b"f"),
        ({"additionalProperties": True}, (21, 2), 1),
        ({"properties": {"p": {"title": "t"}}}, (25, 1, 2, 3), b"t"),
        ({"required": ["a"]}, (19,), b"a"),
        ({"enum": ["a"]}, (20, 2), b'"a"'),
        ({"default": {}}, (5, 2), b"{}"),
        ({"maxLength": 300}, (11,), 300),
        ({"uniqueItems": True}, (16,), 1),
    ],
)
def test_schemas(schema: dict[str, Any], path: tuple[int, ...], value: object) -> None:
    assert one(gnostic.encode({"definitions": {"D": schema}}), 9, 1, 2, *path) == value


@pytest.mark.parametrize(
    ("parameter", "path"),
    [
        ({"in": "body", "name": "n"}, (1, 1, 2)),
        ({"in": "query", "name": "n", "type": "string"}, (1, 2, 3, 4)),
        ({"in": "path", "name": "n", "type": "string"}, (1, 2, 4, 4)),
        ({"in": "header", "name": "n", "type": "string"}, (1, 2, 1, 4)),
    ],
)
def test_parameters(parameter: dict[str, Any], path: tuple[int, ...]) -> None:
    assert one(gnostic.encode({"paths": {"/a": {"parameters": [parameter]}}}), 8, 2, 2, 9, *path) == b"n"


def test_words_that_the_messages_have_not_are_left_out() -> None:
    empty = gnostic.encode({"definitions": {"D": {}}})
    assert gnostic.encode({"definitions": {"D": {"patternProperties": {}}}}) == empty


def test_a_whole_document_has_all_its_paths_and_definitions() -> None:
    document = v2.document(ALL, "v1.37.0")
    written = gnostic.encode(document)
    paths = [one(value, 1).decode() for number, value in fields(one(written, 8)) if number == 2]
    assert paths == list(document["paths"])
    names = [one(value, 1).decode() for number, value in fields(one(written, 9)) if number == 1]
    assert names == list(document["definitions"])
