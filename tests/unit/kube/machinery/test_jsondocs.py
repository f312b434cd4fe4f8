"""Strict JSON: what is read, what is refused, and that duplicates are found."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.jsondocs import (
    MANY,
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_DUPLICATES,
    MAX_VALUES,
    check_depth,
    encode,
    has_many,
    parse,
    parse_all,
)
from wherry.kube.machinery.status import StatusError

TEXTS = st.text(st.characters(codec="utf-8"))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)


@given(value=VALUES, spaces=st.sampled_from((None, 1)), plain=st.booleans())
def test_what_json_says_is_read_and_has_no_duplicates(value: Any, spaces: int | None, plain: bool) -> None:
    data = json.dumps(value, indent=spaces, ensure_ascii=plain).encode()
    assert parse(data) == value
    assert parse(encode(value)) == value
    assert parse_all(data) == (value, ())
    assert parse_all(encode(value) + b"\n") == (value, ())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "unexpected end of JSON input"),
        (b'{"a":', "unexpected end of JSON input"),
        (b'{"a', "unexpected end of JSON input"),
        (b"{a}", "invalid character 'a' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        (b'{"a":1} x', "invalid character 'x' after top-level value"),
        (b'{"a":1}{}', "invalid character '{' after top-level value"),
        (b"nope", "invalid character 'n' looking for beginning of value"),
        (b'{"a":NaN}', "invalid character"),
        (b'{"a":Infinity}', "invalid character"),
        (b'{"a":1e999999}', "out of range"),
        (b'{"a":01}', "invalid character '1'"),
        (b'{"a":"\x01"}', "in string literal"),
        (b'{"a":"\xff"}', "invalid UTF-8 at byte 6"),
        (b'{"a":"\xed\xa0\x80"}', "invalid UTF-8"),
        (b'{"a":"\\ud800"}', ""),
        (b"\xef\xbb\xbf{}", "looking for beginning of value"),
        (b'{"a":' + b"9" * 5000 + b"}", "out of range"),
        (b"[" * 100_000 + b"]" * 100_000, "exceeded max depth"),
        (b'{"a":' * 100_000, "exceeded max depth"),
        (b"[" * 200 + b"]" * 200, "exceeded max depth"),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(StatusError) as caught:
        parse(data)
    assert caught.value.code == 400
    assert said in caught.value.message


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0123aeE.-+tn ', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        document = parse(data)
    except StatusError as error:
        assert error.code == 400
    else:
        assert parse_all(data)[0] == document
        assert parse(encode(document)) == document


def test_the_limit_of_depth_is_exact() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(StatusError):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
    check_depth([[]], 2)
    with pytest.raises(StatusError):
        check_depth([{"a": []}], 2)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b'{"a":1,"a":2}', ["a"]),
        (b'{"spec":{"replicas":1,"x":{},"replicas":2}}', ["spec.replicas"]),
        (b'{"a":1,"a":2,"a":3}', ["a"]),
        (b'{"c":[{"n":1},{"n":1,"n":2}]}', ["c[1].n"]),
        (b'{"a":{"b":1,"b":1},"a":{"c":1,"c":1}}', ["a.b", "a", "a.c"]),
        (b'{"a":"x:y","a":2}', ["a"]),
        (b'{"a":"\\u003a\\u003a","b":1,"b":2}', ["b"]),
        (b'{"a\\u003A":"1","a:":2}', ["a:"]),
        (b'{"\\u0061":1,"a":2}', ["a"]),
        (b'{"a":"\\u003a","b":":"}', []),
    ],
)
def test_duplicates_are_named_by_their_path(data: bytes, fields: list[str]) -> None:
    assert parse_all(data) == (parse(data), tuple(f'duplicate field "{each}"' for each in fields))


@given(value=VALUES, key=TEXTS, plain=st.booleans())
def test_a_key_that_comes_twice_is_found_wherever_it_is(value: Any, key: str, plain: bool) -> None:
    name, again, text = json.dumps(key), json.dumps(key, ensure_ascii=plain), json.dumps(value, ensure_ascii=plain)
    for data in (
        f'{{{name}:{text},"x":{{}},{again}:{{"a:":":"}}}}',
        f'{{"d":{{{name}:{text}, {again}:1e5,"b":"\\/"}},"\\u003a":1}}',
        f'{{"d":[{{{name}:0,"é:":{text},{again}:1}}]}}',
    ):
        assert parse_all(data.encode())[1], data


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth_is_found_whatever_else_there_is(opening: str, closing: str) -> None:
    times = (MAX_DEPTH - 2) // (opening.count("[") + opening.count("{"))
    for text in ("", ":" * MAX_DEPTH, "[" * MAX_DEPTH, "{" * MAX_DEPTH):
        within = f'{{"t":{json.dumps(text)},"d":[{opening * times}1{closing * times}]}}'
        assert parse(within.encode())["t"] == text
        with pytest.raises(StatusError, match="exceeded max depth"):
            parse(f"[{within}]".encode())


def test_the_last_value_of_a_duplicate_counts() -> None:
    assert parse(b'{"a":1,"a":2}') == {"a": 2}


def test_not_all_of_many_duplicates_are_named() -> None:
    data = b"{" + b",".join(b'"%d":0,"%d":1' % (index, index) for index in range(1000)) + b"}"
    assert len(parse_all(data)[1]) == MAX_DUPLICATES


def test_there_is_a_limit_of_arrays_and_objects_that_texts_do_not_count_for() -> None:
    with pytest.raises(StatusError, match="more than 150000 arrays and objects"):
        parse(b"[" + b"{}," * MAX_CONTAINERS + b"{}]")
    assert len(parse(b"[" + b"{}," * 1000 + b"{}]")) == 1001
    text = "{" * 2 * MAX_CONTAINERS + '\\"[['
    assert parse(json.dumps({"a": text}).encode()) == {"a": text}


def test_there_is_a_limit_of_values_that_texts_do_not_count_for() -> None:
    with pytest.raises(StatusError, match="more than 300000 values"):
        parse(b"[" + b"1," * (MAX_VALUES + 1) + b"1]")
    assert len(parse(b"[" + b"1," * 200_000 + b"1]")) == 200_001
    text = "," * 2 * MAX_VALUES + '\\",,'
    assert parse(json.dumps({"a": text, "b": [text]}).encode()) == {"a": text, "b": [text]}


@pytest.mark.parametrize("sign", [b",", b"[", b"{"])
def test_many_values_are_seen_by_their_signs(sign: bytes) -> None:
    assert not has_many(b"x" * 100_000) and not has_many(sign * (MANY - 1))
    assert has_many(b"x" + sign * MANY) and has_many((b"x" * 10 + sign) * MANY)
