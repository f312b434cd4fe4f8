from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.keyed import MAX_BYTES, are_too_long, decoded_length, frozen, validate_keys
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.names import config_key

WHY = "field is immutable when `immutable` is set"


@pytest.mark.parametrize("key", ["a", "A.b-c_d", ".dockercfg", "x" * 253])
def test_right_keys(key: str) -> None:
    assert validate_keys([key], Path("data")) == []


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("x" * 254, "must be no more than 253 bytes"),
        (".", "must not be '.'"),
        ("..", "must not be '..'"),
        ("..a", "must not start with '..'"),
    ],
)
def test_wrong_keys(key: str, complaint: str) -> None:
    assert said(validate_keys([key], Path("data"))) == [f'data[{key}]: Invalid value: "{key}": {complaint}']


@given(st.text(st.sampled_from("aZ0._-/\n é"), max_size=4) | st.integers(250, 256).map("x".__mul__))
def test_no_key_is_right_that_upstream_complains_of(key: str) -> None:
    assert bool(validate_keys([key], Path("data"))) == bool(config_key(key))


@pytest.mark.parametrize("letter", ["a", "é", "😀"])
def test_all_values_together_have_a_limit_in_bytes(letter: str) -> None:
    times = MAX_BYTES // 4 // len(letter.encode())
    assert not are_too_long([letter * times] * 4)
    assert are_too_long([letter * times] * 4 + ["a"])
    assert not are_too_long([letter * times] * 2, [b64encode(bytes(MAX_BYTES // 2)).decode()])
    assert are_too_long([letter * times] * 2, [b64encode(bytes(MAX_BYTES // 2 + 1)).decode()])


@given(st.binary(max_size=100))
def test_a_length_is_known_without_decoding(data: bytes) -> None:
    assert decoded_length(b64encode(data).decode()) == len(data)


def test_what_is_frozen_stays() -> None:
    old = {"immutable": True, "data": {"a": "b"}}
    assert frozen(old, old, "data") == []
    assert frozen({**old, "other": 1}, old, "data") == []
    assert said(frozen({"data": {}}, old, "data")) == [f"immutable: Forbidden: {WHY}", f"data: Forbidden: {WHY}"]
    assert frozen({"data": {}}, {"data": {"a": "b"}}, "data") == []
