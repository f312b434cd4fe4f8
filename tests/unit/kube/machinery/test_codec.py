"""Bodies become objects, by their media type."""

import pytest

from tests.unit.kube.machinery.protobuf_encoder import body
from wherry.kube.machinery.codec import decode, encode, strict_error
from wherry.kube.machinery.status import StatusError

PROTOBUF = "application/vnd.kubernetes.protobuf"
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (encode(CONFIG), "application/json"),
        (encode(CONFIG), ""),
        (encode(CONFIG), "Application/JSON; charset=utf-8"),
        (b"apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n", "application/yaml"),
        (body(CONFIG), PROTOBUF),
        (body(CONFIG), f"{PROTOBUF};type=v1"),
    ],
)
def test_the_same_object_is_read_from_every_form(data: bytes, media_type: str) -> None:
    decoded = decode(data, media_type)
    assert decoded.object == CONFIG
    assert decoded.duplicates == ()


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "json", "multipart/form-data; boundary=x"])
def test_other_media_types_are_refused(media_type: str) -> None:
    with pytest.raises(StatusError, match="accepted media types include: application/json, application/yaml") as caught:
        decode(b"{}", media_type)
    assert caught.value.code == 415


@pytest.mark.parametrize(
    ("data", "media_type", "said"),
    [
        (b"[]", "application/json", "cannot unmarshal array"),
        (b'"x"', "application/json", "cannot unmarshal string"),
        (b"1.5", "application/json", "cannot unmarshal number"),
        (b"true", "application/json", "cannot unmarshal bool"),
        (b"null", "application/json", "'Kind' is missing"),
        (b"", "application/json", "unexpected end of JSON input"),
        (b"", "application/yaml", "'Kind' is missing"),
        (b"- a", "application/yaml", "cannot unmarshal array"),
        (b"{}", PROTOBUF, "expected prefix"),
        (b"a: 1", "application/json", "invalid character 'a'"),
    ],
)
def test_only_objects_are_read(data: bytes, media_type: str, said: str) -> None:
    with pytest.raises(StatusError) as caught:
        decode(data, media_type)
    assert caught.value.code == 400
    assert said in caught.value.message


def test_duplicates_are_told_in_the_words_of_each_form() -> None:
    json = decode(b'{"spec":{"replicas":1,"replicas":2}}', "application/json")
    assert json.object == {"spec": {"replicas": 2}}
    assert json.duplicates == ('duplicate field "spec.replicas"',)
    assert decode(b"a: 1\na: 2", "application/yaml").duplicates == ('line 2: key "a" already set in map',)


def test_strict_mode_says_all_in_one_text() -> None:
    assert strict_error(('duplicate field "a"', 'unknown field "b"')) == (
        'strict decoding error: duplicate field "a", unknown field "b"'
    )
    assert strict_error(('line 2: key "a" already set in map', 'unknown field "b"')) == (
        'strict decoding error: yaml: unmarshal errors:\n  line 2: key "a" already set in map, unknown field "b"'
    )
