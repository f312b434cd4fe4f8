"""Telling followers that a file has changed."""

import asyncio
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.containers import changes as watching
from wherry.engine.containers.changes import Changes
from wherry.linux.errors import KernelError


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without inotify's word nobody looks."""
    monkeypatch.setattr(watching, "WATCHED_SECONDS", 1000.0)


@pytest.mark.usefixtures("no_patience")
async def test_a_write_wakes_those_who_look_at_the_directory(tmp_path: Path) -> None:
    changes = Changes()
    with changes.watch(tmp_path) as one, changes.watch(tmp_path) as other:
        (tmp_path / "log").write_text("x")
        async with asyncio.timeout(60):
            await asyncio.gather(one.changed(), other.changed())


@pytest.mark.usefixtures("no_patience")
async def test_a_wake_is_as_good_as_a_write(tmp_path: Path) -> None:
    changes = Changes()
    with changes.watch(tmp_path) as look:
        changes.wake(tmp_path)
        async with asyncio.timeout(60):
            await look.changed()


@pytest.mark.usefixtures("no_patience")
async def test_a_change_before_the_look_is_not_missed(tmp_path: Path) -> None:
    changes = Changes()
    with changes.watch(tmp_path) as look:
        (tmp_path / "log").write_text("x")
        await asyncio.sleep(0.02)
        async with asyncio.timeout(60):
            await look.changed()


async def test_nothing_stays_open_when_nobody_looks(tmp_path: Path) -> None:
    before = open_descriptors()
    changes = Changes()
    with changes.watch(tmp_path), changes.watch(tmp_path):
        assert open_descriptors() > before
    assert open_descriptors() == before


async def test_without_inotify_followers_look_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise KernelError(24, "watch files")

    monkeypatch.setattr(watching, "Inotify", refuse)
    with Changes().watch(tmp_path) as look:
        async with asyncio.timeout(60):
            await look.changed()


async def test_a_directory_that_goes_harms_nobody(tmp_path: Path) -> None:
    changes = Changes()
    (tmp_path / "gone").mkdir()
    with changes.watch(tmp_path / "gone"):
        (tmp_path / "gone").rmdir()
        await asyncio.sleep(0.01)
    changes.close()
    changes.close()
