"""YAML is read as go-yaml v2 reads it; what could hurt is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kubectl import kubectl, needs_kubectl
from tests.unit.kube.machinery.test_jsondocs import VALUES
from wherry.kube.machinery.jsondocs import encode
from wherry.kube.machinery.jsondocs import parse as parse_json
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.yamldocs import dump, parse, plain

# Plain words, and what kubectl makes of them.
WORDS: dict[str, Any] = {
    "yes": True, "y": True, "No": False, "off": False, "on": True, "TRUE": True, "~": None, "": None, "Null": None,
    "0777": 511, "0o17": 15, "0b101": 5, "0x1F": 31, "0X1F": 31, "1_000": 1000, "-0x1f": -31, "08": 8, "00": 0,
    "12:30": "12:30", "190:20:30": "190:20:30", "1e3": 1000, "1.": 1, ".5": 0.5, "-1.5e-3": -0.0015, "1e21": 1e21,
    "1e400": "1e400", "2001-01-01": "2001-01-01", "1e": "1e", "0b2": "0b2", ".": ".", "+": "+", "_1": "_1", "=": "=",
    "9223372036854775808": 9223372036854775808.0, "-9223372036854775808": -(2**63), "+1": 1, "-0": 0, "1.0": 1,
}  # fmt: skip
# Documents, and the value of x in them.
DOCUMENTS: dict[str, Any] = {
    "x: {1: a, true: b, 1.5: c}": {"1": "a", "true": "b", "1.5": "c"},
    "x: {0x10: 1, 1e30: 3}": {"16": 1, "1e+30": 3},
    "b: &b {p: 1, q: 2}\nx: {<<: *b, q: 3}": {"p": 1, "q": 3},
    "b: &b {p: 1, q: 2}\nx: {q: 3, <<: *b}": {"p": 1, "q": 2},
    "b: &b {p: 1}\nc: &c {p: 2, q: 5}\nx: {<<: [*b, *c], r: 3}": {"p": 1, "q": 5, "r": 3},
    "k: &k foo\nx: {*k : 1}": {"foo": 1},
    'x: {"<<": {a: 1}}': {"<<": {"a": 1}},
    "x: [yes, 'no', ~]": [True, "no", None],
    "x: |\n  a\n  b\n": "a\nb\n",
    "x: !!binary aGVsbG8=": "hello",
    "x: !!str 1": "1",
    "x: ! 12": "12",
    'x: !!int "3"': 3,
    "x: !!timestamp 2001-01-01": "2001-01-01",
    "x: 1\n---\n": 1,
    "x: 1\n...\n": 1,
    "x: {a: &c {d: 1}, b: *c}": {"a": {"d": 1}, "b": {"d": 1}},
}
REFUSED = {
    "x: .inf": "no JSON",
    "x: -.nan": None,
    "x: {~: 1}": "key must be a text",
    "x: {[a]: 1}": "key must be a text",
    "x: &a [*a]": "anchor 'a' value contains itself",
    "x: *nope": "unknown anchor 'nope' referenced",
    "x: {<<: 3}": "map merge requires map or sequence of maps as the value",
    "x: [1,2": "did not find expected",
    "x: @a": "cannot start any token",
    "x: !!int 1.0": "cannot decode",
    "x: !!python/object/apply:os.system [x]": "is not supported",
    "x: !!python/name:os.system x": "cannot decode",
    "x: 1\n---\ny: 2": "one document is expected",
    'x: "\\ud800"': "invalid Unicode",
}


@pytest.mark.parametrize(("word", "value"), WORDS.items())
def test_a_plain_word_is_what_go_makes_of_it(word: str, value: Any) -> None:
    read = parse(f"x: {word}".encode()).document["x"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(("text", "value"), DOCUMENTS.items())
def test_a_document_is_read_as_go_reads_it(text: str, value: Any) -> None:
    assert parse(text.encode()).document["x"] == value


@needs_kubectl
@pytest.mark.parametrize("text", [*(f"x: {word}" for word in WORDS), *DOCUMENTS])
def test_kubectl_reads_the_same(text: str) -> None:
    document = f"apiVersion: v1\nkind: Foo\nmetadata:\n  name: a\n{text}\n".encode()
    done = kubectl("label", "--local", "-f", "-", "a=b", "-o", "json", stdin=document)
    theirs = parse_json(done.stdout.encode())
    ours = parse(document).document["x"]
    assert theirs.get("x") == (pytest.approx(ours) if isinstance(ours, float) else ours)


@pytest.mark.parametrize(("text", "said"), [(text, said) for text, said in REFUSED.items() if said])
def test_what_has_no_meaning_is_refused(text: str, said: str) -> None:
    with pytest.raises(StatusError) as caught:
        parse(text.encode())
    assert caught.value.code == 400
    assert said in caught.value.message


def test_a_text_that_only_looks_like_no_number_is_one() -> None:
    assert plain("-.nan") == "-.nan"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\na: 2\n", ['line 2: key "a" already set in map']),
        ("a:\n  b: 1\n  c: 1\n  b:\n    d: 1\n", ['line 5: key "b" already set in map']),
        ("1: a\n'1': b\n", ['line 2: key "1" already set in map']),
        ("b: &b {p: 1}\nx: {<<: *b, p: 3}\n", []),
        ("x: {a: 1, b: {a: 1}}", []),
        ("[{a: 1, a: 1}, {a: 1}]", ['line 1: key "a" already set in map']),
    ],
)
def test_duplicate_keys_are_found(text: str, found: list[str]) -> None:
    assert list(parse(text.encode()).duplicates) == found


def _laughs(levels: int, last: str) -> bytes:
    lines = [f"a0: &a0 {last}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "data",
    [
        _laughs(10, "lol"),
        _laughs(3, "x" * 100_000),
        b"a: &a {x: 1}\n" + b"b: [" + b"*a," * 100_000 + b"]",
        b"a0: &a0 {k: 1}\n" + b"\n".join(b"a%d: &a%d {l: *a%d, r: *a%d}" % (n, n, n - 1, n - 1) for n in range(1, 40)),
    ],
)
def test_aliases_have_a_budget(data: bytes) -> None:
    with pytest.raises(StatusError, match="excessive aliasing"):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b"{a: " * 100_000,
        b"- " * 5_000 + b"a",
        b"a0: &a0 [x]\n"
        + b"\n".join(b"a%d: &a%d %s*a%d%s" % (n, n, b"[" * 90, n - 1, b"]" * 90) for n in range(1, 20)),
    ],
)
def test_deep_documents_are_refused(data: bytes) -> None:
    with pytest.raises(StatusError, match="depth"):
        parse(data)


def test_an_alias_is_a_copy() -> None:
    document = parse(b"a: &a {b: [1]}\nc: *a").document
    document["a"]["b"].append(2)
    assert document["c"] == {"b": [1]}


@given(value=VALUES)
def test_json_is_yaml(value: Any) -> None:
    """But for characters that YAML does not know, and numbers without fraction, which are whole."""
    data = encode({"x": value})
    if data.isascii() and b"\x7f" not in data:
        assert parse(data).document == {"x": value}


@given(data=st.binary(max_size=80) | st.text(alphabet="ab:-[]{},&*!<>|'\"#?% \n\t0x1.", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_json(encode(parse(data).document))
    except StatusError as error:
        assert error.code == 400


# --- writing

WRITTEN: tuple[Any, ...] = (
    "yes", "y", "1e3", "0777", "a: b", "- x", "#c", "", "~", "null", "a\nb", "a\nb\n", " lead", "trail ", "tab\tx", "ü",
    "2001-01-01", "12:30", ".inf", "@x", "*x", "{x}", "'q'", "x:", "0x1F", "1_000", "true", "off", "a\r\nb", "---",
    1, 1.5, 2.0, True, None, {}, [], [[1, 2], [{"a": 1, "b": [3]}]], {"yes": 1, "1": 2, "a: b": {"": None}}, -0.0001,
)  # fmt: skip


@needs_kubectl
@pytest.mark.parametrize("value", WRITTEN, ids=repr)
def test_kubectl_writes_the_same(value: Any) -> None:
    document = {"apiVersion": "v1", "kind": "Foo", "metadata": {"name": "a", "labels": {"a": "b"}}, "x": value}
    done = kubectl("label", "--local", "-f", "-", "a=b", "--overwrite", "-o", "yaml", stdin=encode(document))
    assert dump(document).decode() == done.stdout


@given(value=VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    read = parse(dump({"x": value})).document
    assert read == {"x": value}


def test_there_is_a_limit_of_values() -> None:
    with pytest.raises(StatusError, match="more than 400000 values"):
        parse(b"[" + b"a," * 500_000 + b"]")
