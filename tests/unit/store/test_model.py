"""The words of stores: what their errors say, and what a caller can do about them."""

import pytest

from wherry.kit.errors import Conflict, Expired, Unavailable, WherryError
from wherry.store.model import FIRST_REVISION, Compacted, Corrupt, Future, Item, Mismatch


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (Mismatch("/a", Item("/a", b"", 2, 3)), Conflict, "/a was changed meanwhile; read it again"),
        (Compacted(7), Expired, "revisions up to 7 have been compacted; read the current state"),
        (Future(7), Expired, "the newest revision is 7"),
        (Corrupt("damaged"), Unavailable, "damaged"),
    ],
)
def test_errors_say_what_a_caller_can_do(error: WherryError, kind: type[WherryError], text: str) -> None:
    assert isinstance(error, kind)
    assert error.message == text


def test_no_state_has_revision_0() -> None:
    assert FIRST_REVISION > 0
