"""Every error has a status, and every refusal Docker's form."""

import errno
import json

import pytest

from wherry.dockerapi.errors import is_foreseen, message_of, render_error, status_of
from wherry.engine.runtime.model import StartFailed
from wherry.kit import errors

KINDS = [kind for kind in errors.WherryError.__subclasses__() if kind.__module__ == errors.__name__]


class MissingLayer(errors.NotFound):
    """A package's own kind of one of the errors."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_of_ours_is_told_as_a_fault_of_the_program(kind: type[errors.WherryError]) -> None:
    error = kind("why")
    assert 300 <= status_of(error) < 600
    assert status_of(error) != 500
    assert is_foreseen(error)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotModified("x"), 304),
        (errors.Invalid("x"), 400),
        (errors.Forbidden("x"), 403),
        (errors.NotFound("x"), 404),
        (MissingLayer("x"), 404),
        (errors.AlreadyExists("x"), 409),
        (errors.Conflict("x"), 409),
        (errors.Unsupported("x"), 501),
        (errors.Unavailable("x"), 503),
        (StartFailed("execute", "x"), 400),
        (errors.WherryError("x"), 500),
        (KeyError("x"), 500),
        (OSError(errno.ENOSPC, "x"), 500),
    ],
)
def test_statuses_are_docker_s(error: Exception, status: int) -> None:
    assert status_of(error) == status


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_fault_of_the_program(number: int) -> None:
    assert is_foreseen(OSError(number, "full"))
    assert not is_foreseen(OSError(errno.EIO, "broken"))
    assert not is_foreseen(ZeroDivisionError())


def test_a_message_is_never_empty() -> None:
    assert message_of(errors.NotFound("No such image: x")) == "No such image: x"
    assert message_of(ZeroDivisionError()) == "ZeroDivisionError"


def test_a_refusal_is_an_object_with_a_message() -> None:
    response = render_error(404, 'no "ü" here')
    assert response.status == 404
    assert response.headers["Content-Type"] == "application/json"
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {"message": 'no "ü" here'}
    assert response.body.endswith(b"\n")


def test_what_is_not_modified_has_no_body() -> None:
    assert render_error(304, "already started").body is None
