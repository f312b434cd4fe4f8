"""Strict JSON into structures."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherry.http.body import convert, parse_json
from wherry.kit.errors import Invalid


class Inner(msgspec.Struct):
    Privileged: bool = False
    Labels: dict[str, str] = {}


class Outer(msgspec.Struct):
    Image: str = ""
    HostConfig: Inner | None = None
    Mounts: list[Inner] = []
    Endpoints: dict[str, Inner | None] = {}


def decode(body: bytes) -> Outer:
    return convert(parse_json(body), Outer)


def test_fields_are_read_whatever_their_case() -> None:
    assert decode(b'{"image":"x","hostConfig":{"privileged":true}}').HostConfig == Inner(Privileged=True)


def test_null_means_absent_for_a_field_only() -> None:
    decoded = decode(b'{"Image":null,"Mounts":null,"Endpoints":{"a":null}}')
    assert decoded == Outer(Endpoints={"a": None})


def test_structures_in_lists_and_maps_are_reached() -> None:
    decoded = decode(b'{"mounts":[{"PRIVILEGED":true}],"endpoints":{"a":{"privileged":true}}}')
    assert decoded.Mounts[0].Privileged
    assert decoded.Endpoints["a"] == Inner(Privileged=True)


def test_keys_of_maps_keep_their_case() -> None:
    assert decode(b'{"HostConfig":{"Labels":{"A":"1","a":"2"}}}').HostConfig == Inner(Labels={"A": "1", "a": "2"})


def test_unknown_fields_are_ignored() -> None:
    assert decode(b'{"Image":"x","Future":[1,{"y":2}]}').Image == "x"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"HostConfig":{"Privileged":false,"Privileged":true}}', 'duplicate key "Privileged"'),
        (b'{"HostConfig":{"privileged":false,"Privileged":true}}', 'duplicate key "Privileged"'),
        (b'{"HostConfig":{"Labels":{"a":"1","a":"2"}}}', 'duplicate key "a"'),
        (b'{"Image":"x"} {}', "unexpected content after JSON"),
        (b'{"Image":"x"}\x00', "unexpected content after JSON"),
        (b'\xef\xbb\xbf{"Image":"x"}', "invalid JSON"),
        ('{"Image":"x"}'.encode("utf-16"), "invalid JSON"),
        (b'{"Image":"\xff"}', "not UTF-8 at byte 10"),
        (b'{"Image":NaN}', "NaN is not a JSON value"),
        (b'{"Image":-Infinity}', "-Infinity is not a JSON value"),
        (b'{"Image":1}', "$.Image"),
        (b'{"HostConfig":{"Privileged":"yes"}}', "$.HostConfig.Privileged"),
        (b"[" * 100_000, "invalid JSON"),
        (b'{"Image":' + b"1" * 10_000 + b"}", "invalid JSON"),
        (b"{", "invalid JSON"),
        (b"[]", "invalid JSON"),
        (b"{'Image':1}", "invalid JSON"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(body, says) -> None:
    with pytest.raises(Invalid) as refusal:
        decode(body)
    assert says in refusal.value.message


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(["Image", "image", "HostConfig", "Mounts", "Endpoints", "x"]), json_values))
def test_any_document_is_read_or_refused(document) -> None:
    try:
        decode(msgspec.json.encode(document))
    except Invalid:
        pass


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_read_or_refused(body) -> None:
    try:
        decode(body)
    except Invalid:
        pass
