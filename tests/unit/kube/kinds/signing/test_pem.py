"""PEM, as Go reads it."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.kinds.signing.pem import Block, blocks, of_base64


def block(kind: str, data: bytes, *headers: str) -> bytes:
    body = base64.encodebytes(data).decode()
    return f"-----BEGIN {kind}-----\n{''.join(line + chr(10) for line in headers)}{body}-----END {kind}-----\n".encode()


@given(st.lists(st.tuples(st.sampled_from(("CERTIFICATE", "X", "A B")), st.binary(max_size=200)), max_size=4))
def test_what_is_written_is_read(parts: list[tuple[str, bytes]]) -> None:
    text = b"noise\n".join(block(kind, data) for kind, data in parts)
    assert list(blocks(text)) == [Block(kind, False, data) for kind, data in parts]


def test_headers() -> None:
    assert list(blocks(block("X", b"abc", "Proc-Type: 4,ENCRYPTED"))) == [Block("X", True, b"abc")]


def test_what_is_no_block_is_passed_over() -> None:
    bad = b"-----BEGIN A-----\n!!\n-----END A-----\n"
    unended = b"-----BEGIN B-----\nYWJj\n"
    wrong_end = b"-----BEGIN C-----\nYWJj\n-----END D-----\n"
    assert list(blocks(bad + unended + wrong_end + block("E", b"e"))) == [Block("E", False, b"e")]


def test_lines_may_end_as_on_windows() -> None:
    assert list(blocks(block("X", b"abc").replace(b"\n", b"\r\n"))) == [Block("X", False, b"abc")]


@given(st.binary(max_size=200) | st.text(alphabet="-BEGINDX \n:a=").map(str.encode))
def test_anything_can_be_read(data: bytes) -> None:
    assert isinstance(list(blocks(data)), list)


def test_a_field_of_bytes() -> None:
    assert of_base64("YWJj") == b"abc"
    assert of_base64("!") == of_base64("é") == b""
