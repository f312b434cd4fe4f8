"""Getting rid of directories."""

from pathlib import Path

import pytest

from wherry.engine.trash import Trash


@pytest.fixture
def trash(tmp_path: Path) -> Trash:
    (tmp_path / "tmp").mkdir()
    return Trash(tmp_path / "tmp")


def filled(directory: Path, files: int) -> Path:
    (directory / "deep").mkdir(parents=True)
    for number in range(files):
        (directory / "deep" / str(number)).touch()
    return directory


@pytest.mark.parametrize("files", [0, 3, 500])
async def test_a_directory_is_gone_at_once_and_off_the_disk_soon(trash: Trash, tmp_path: Path, files: int) -> None:
    directory = filled(tmp_path / "x", files)
    trash.throw(directory)
    assert not directory.exists()
    await trash.settle()
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("files", [0, 500])
def test_it_works_without_a_loop(trash: Trash, tmp_path: Path, files: int) -> None:
    trash.throw(filled(tmp_path / "x", files))
    assert not (tmp_path / "x").exists()
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("files", [0, 500])
async def test_links_are_not_followed(trash: Trash, tmp_path: Path, files: int) -> None:
    precious = filled(tmp_path / "precious", 2)
    directory = filled(tmp_path / "x", files)
    (directory / "link").symlink_to(precious)
    (directory / "deep" / "link").symlink_to(precious)
    trash.throw(directory)
    await trash.settle()
    assert len(list((precious / "deep").iterdir())) == 2


async def test_what_is_not_there_is_no_error(trash: Trash, tmp_path: Path) -> None:
    trash.throw(tmp_path / "nothing")
    await trash.settle()


async def test_what_a_crash_left_is_swept(trash: Trash, tmp_path: Path) -> None:
    filled(tmp_path / "tmp/build-1", 500)
    filled(tmp_path / "tmp/build-2", 0)
    trash.sweep()
    await trash.settle()
    assert not list((tmp_path / "tmp").iterdir())
