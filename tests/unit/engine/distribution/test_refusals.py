"""Registries' errors in the user's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.distribution.refusals import Refused, general, of_pull, refused
from wherry.kit import errors
from wherry.oci.reference import Reference

DEMO = Reference.parse("demo:1")


@pytest.mark.parametrize(
    ("status", "reason", "body", "text"),
    [
        (404, "404 Not Found", b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
         "manifest unknown: manifest unknown"),
        (401, "401 Unauthorized", b'{"details":"incorrect username or password"}',
         "unauthorized: incorrect username or password"),
        (401, "401 Unauthorized", b"", "unauthorized: authentication required"),
        (429, "429 Too Many Requests", b"slow down", "toomanyrequests: 429 Too Many Requests"),
        (429, "429 Too Many Requests", b'{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached"}]}',
         "toomanyrequests: You have reached"),
        (503, "503 Service Unavailable", b"<html>", "received unexpected HTTP status: 503 Service Unavailable"),
        (500, "500 Internal", b'{"errors":[]}', "received unexpected HTTP status: 500 Internal"),
        (500, "500 Internal", b'{"errors":[{"code":"UNKNOWN"}]}', "unknown"),
        (500, "500 Internal", b'{"errors":[{"code":"A","message":"two\\nlines \\u001b[31m"}]}', "a: two lines [31m"),
        (500, "500 Internal", b"[" * 10_000, "received unexpected HTTP status: 500 Internal"),
        (500, "500 Internal", b'{"errors":["x"]}', "received unexpected HTTP status: 500 Internal"),
    ],
)  # fmt: skip
def test_what_a_user_reads(status: int, reason: str, body: bytes, text: str) -> None:
    assert refused(status, reason, {}, body).message == text


@given(st.binary(max_size=200), st.integers(400, 599))
def test_any_body_makes_one_line(body: bytes, status: int) -> None:
    message = refused(status, f"{status} x", {}, body).message
    assert message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, errors.Unauthenticated), (403, errors.Forbidden), (404, errors.NotFound), (429, errors.TooManyRequests),
     (500, errors.Unavailable), (408, errors.Unavailable), (400, errors.Invalid), (418, errors.Invalid)],
)  # fmt: skip
def test_what_a_caller_can_do(status: int, kind: type[errors.WherryError]) -> None:
    assert type(general(Refused(status, "", "x"))) is kind


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        ("MANIFEST_UNKNOWN", 404, "manifest for demo:1 not found: why"),
        ("NAME_UNKNOWN", 404, "repository demo not found: why"),
        ("DENIED", 403, "pull access denied for demo, repository does not exist or may require 'docker login': why"),
        ("", 404, "manifest for demo:1 not found: why"),
    ],
)
def test_a_pull_in_dockers_words(code: str, status: int, text: str) -> None:
    error = of_pull(Refused(status, code, "why"), DEMO)
    assert isinstance(error, errors.NotFound)
    assert error.message == text


def test_a_pull_of_a_busy_registry_is_not_not_found() -> None:
    assert isinstance(of_pull(Refused(429, "TOOMANYREQUESTS", "x"), DEMO), errors.TooManyRequests)
