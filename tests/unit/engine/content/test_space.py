"""A full disk is Unavailable; everything else passes."""

import errno

import pytest

from wherry.engine.content.space import space_for
from wherry.kit.errors import Unavailable


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_unavailable(number: int) -> None:
    with pytest.raises(Unavailable, match="cannot store a blob: no space left on device"), space_for("a blob"):
        raise OSError(number, "full")


def test_other_errors_pass() -> None:
    with pytest.raises(PermissionError), space_for("a blob"):
        raise PermissionError(errno.EACCES, "no")
