"""Room kept for a full disk."""

import errno
from pathlib import Path

import pytest

from wherry.store.sqlite import reserve as module
from wherry.store.sqlite.reserve import SIZE_BYTES, Reserve


def allocated_bytes(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_it_takes_room_and_gives_it(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "state")
    assert not reserve.is_held
    assert reserve.hold()
    assert allocated_bytes(reserve.path) >= SIZE_BYTES
    reserve.release()
    reserve.release()
    assert not reserve.is_held
    assert allocated_bytes(reserve.path) == 0


def test_it_looks_for_room_only_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(tmp_path / "state")
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    reserve.hold()
    reserve.release()
    assert not reserve.hold()
    now[0] += 1
    assert reserve.hold()


def test_it_says_why_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(tmp_path / "missing" / "state")
    assert not reserve.hold()
    assert reserve.trouble.errno == errno.ENOENT
    other = Reserve(tmp_path / "state")
    other.hold()
    other.release()
    assert other.trouble.errno == errno.ENOSPC
