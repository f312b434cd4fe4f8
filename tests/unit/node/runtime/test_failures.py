"""The engine's errors in the agent's words."""

import pytest

from wherry.engine.runtime.model import StartFailed
from wherry.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unavailable, Unsupported
from wherry.linux.errors import KernelError
from wherry.node.runtime.failures import translated


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotFound("words"), NotFound),
        (Invalid("words"), Invalid),
        (Unavailable("words"), Unavailable),
        (Unsupported("words"), Invalid),
        (Forbidden("words"), Invalid),
        (Conflict("words"), Unavailable),
        (TooManyRequests("words"), Unavailable),
        (StartFailed("step", "words"), Unavailable),
        (KernelError(28, "words"), Unavailable),
    ],
)
def test_each_says_what_can_be_done(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="words"), translated():
        raise error


def test_what_is_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError
    with translated():
        pass
