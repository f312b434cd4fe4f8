"""Refusals as the specification writes them."""

import errno
import json

import pytest

from wherry.engine.registry.model import Code, OutOfOrder, Refused
from wherry.kit import errors
from wherry.registryapi.errors import STATUS, Challenged, TooLarge, is_foreseen, render


def test_every_code_has_a_status() -> None:
    assert set(STATUS) == set(Code)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused(Code.MANIFEST_UNKNOWN, "x"), 404, "MANIFEST_UNKNOWN"),
        (Refused(Code.UNSUPPORTED, "x"), 405, "UNSUPPORTED"),
        (TooLarge(Code.MANIFEST_INVALID, "x"), 413, "MANIFEST_INVALID"),
        (OutOfOrder("x", 3), 416, "RANGE_INVALID"),
        (Refused(Code.RANGE_INVALID, "x"), 400, "RANGE_INVALID"),
        (Challenged("x", "Basic"), 401, "UNAUTHORIZED"),
        (errors.Unavailable("no space left"), 503, "UNAVAILABLE"),
        (OSError(errno.ENOSPC, "full"), 503, "UNAVAILABLE"),
        (errors.Invalid("x"), 400, "UNSUPPORTED"),
    ],
)
def test_a_refusal_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    response = render(error)
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["errors"][0]["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/json"
    assert is_foreseen(error)


def test_a_detail_is_there_when_there_is_one() -> None:
    response = render(Refused(Code.BLOB_UNKNOWN, "gone", {"digest": "sha256:x"}))
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {
        "errors": [{"code": "BLOB_UNKNOWN", "message": "gone", "detail": {"digest": "sha256:x"}}]
    }


def test_a_fault_tells_nothing_of_the_inside() -> None:
    error = RuntimeError("secret")
    response = render(error)
    assert isinstance(response.body, bytes)
    assert response.status == 500
    assert b"secret" not in response.body
    assert not is_foreseen(error)


def test_a_challenge_is_sent() -> None:
    assert render(Challenged("x", 'Basic realm="r"')).headers["WWW-Authenticate"] == 'Basic realm="r"'
