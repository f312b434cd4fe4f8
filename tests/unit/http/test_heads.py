"""Heads of HTTP messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.http.heads import END, Head, answer, end_to_end, parse, request

tokens = st.text("abcXYZ-09", min_size=1, max_size=12)
values = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=30)


@given(st.integers(100, 599), values, st.lists(st.tuples(tokens, values), max_size=6))
def test_what_is_written_is_read(code: int, reason: str, fields: list[tuple[str, str]]) -> None:
    raw = answer(code, reason, fields)
    assert parse(raw) == Head(code, reason, fields, raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"HTTP/1.1 20 OK", b"HTTP/2 200 OK", b"ICY 200 OK", b"HTTP/1.1 200 OK\r\nno colon", b"HTTP/1.1 099 x",
        b"HTTP/1.1 200 OK\r\n folded: x", b"HTTP/1.1 200 OK\r\nA: 1\nB: 2", b"HTTP/1.1 200 OK\r\nbad name: x",
        b"HTTP/1.1 200 OK\r\nA: \0",
    ],
)  # fmt: skip
def test_what_is_no_head_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse(raw + END)


@given(st.binary(max_size=100))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    try:
        parse(raw + END)
    except ValueError:
        pass


@pytest.mark.parametrize("wrong", ["a\r\nX: y", "a\nb", "a\0"])
def test_nothing_becomes_a_line_of_its_own(wrong: str) -> None:
    for make in (
        lambda: request("GET", f"/{wrong}", []),
        lambda: request("GET", "/", [("A", wrong)]),
        lambda: answer(200, wrong, []),
    ):
        with pytest.raises(ValueError, match="line break"):
            make()


def test_a_request() -> None:
    assert request("POST", "/x?y=1", [("Host", "h")]) == b"POST /x?y=1 HTTP/1.1\r\nHost: h\r\n\r\n"


def head(status: int = 200, *fields: tuple[str, str]) -> Head:
    return Head(status, "", list(fields), b"")


def test_how_long_a_body_is() -> None:
    assert head().length is None
    assert head(200, ("Content-Length", "5"), ("content-length", "5")).length == 5
    for wrong in ("-1", "+5", "5x", "", "\u0665", "1" * 19):
        with pytest.raises(ValueError):
            _ = head(200, ("Content-Length", wrong)).length
    with pytest.raises(ValueError):
        _ = head(200, ("Content-Length", "5"), ("Content-Length", "6")).length
    assert head(200, ("Transfer-Encoding", "gzip, Chunked")).is_chunked
    assert [head(code).has_body("GET") for code in (101, 200, 204, 304, 404)] == [False, True, False, False, True]
    assert not head().has_body("HEAD")


def test_what_is_between_neighbours_does_not_go_on() -> None:
    fields = [("Connection", "close, X-Own"), ("x-own", "1"), ("Upgrade", "h2c"), ("TE", "trailers"), ("X-Other", "2")]
    assert end_to_end(fields) == [("X-Other", "2")]
