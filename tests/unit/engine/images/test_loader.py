"""The nameless file that an archive is read from (loading itself: test_transfers)."""

import os
from pathlib import Path

import pytest

from wherry.engine.images.loader import scratch_file


def test_a_scratch_file_has_no_name_and_is_gone_afterwards(tmp_path: Path) -> None:
    with scratch_file(tmp_path / "tmp") as fd:
        os.write(fd, b"x" * 100)
        assert os.fstat(fd).st_size == 100
        assert list((tmp_path / "tmp").iterdir()) == []
    with pytest.raises(OSError):
        os.fstat(fd)


def test_a_scratch_file_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError), scratch_file(tmp_path):
        raise ValueError
    assert list(tmp_path.iterdir()) == []
