"""The errors: few, named by what a caller can do, each with a message for the user."""

import pickle

import pytest

from wherry.kit import errors
from wherry.kit.errors import NotFound, WherryError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WherryError)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_its_message(kind: type[WherryError]) -> None:
    error = kind("image demo: no such thing")
    assert str(error) == error.message == "image demo: no such thing"


def test_one_except_catches_them_all_and_only_them() -> None:
    assert all(issubclass(kind, WherryError) for kind in KINDS)
    assert not any(issubclass(WherryError, builtin) for builtin in (OSError, ValueError, RuntimeError))


def test_no_error_is_a_kind_of_another() -> None:
    # A face's table has one row for each: a subclass would make it depend on the order of the rows.
    assert all(kind.__mro__[1] is WherryError for kind in KINDS if kind is not WherryError)


def test_they_are_about_ten() -> None:
    assert len(KINDS) <= 13


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_to_another_process(kind: type[WherryError]) -> None:
    assert pickle.loads(pickle.dumps(kind("why"))).message == "why"


def test_the_cause_is_kept() -> None:
    cause = KeyError("demo")
    with pytest.raises(NotFound) as caught:
        try:
            raise cause
        except KeyError as error:
            raise NotFound("No such image: demo") from error
    assert caught.value.__cause__ is cause
